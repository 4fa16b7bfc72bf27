# Everything works on a machine that has only Python 3.11 to 3.13, make and git.
#   make lab    the course in JupyterLab        make run    the course headless, with its results
#   make test   every check                     make help   the rest

SHELL := /bin/sh
VENV  := .venv
BIN   := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
            "$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
            && { echo "$$p"; break; }; done)

.PHONY: help lab run grade test test-all mutation notebooks links full bench readme lint lock clean

help:
	@echo "make lab        the course in JupyterLab"
	@echo "make run        the course headless: time, memory and claims of every lesson"
	@echo "make grade      grade the example class and compare its marks (Linux, with bubblewrap)"
	@echo "make test       every check, in one go (the gate)"
	@echo "make test-all   the long round as well: other versions, faults"
	@echo "make mutation   how many changes to a solution its check notices; LESSONS=\"02 05\" for some"
	@echo "make notebooks  derive, execute and check the notebooks from notebooks/source/"
	@echo "make links REPO=owner/name   set the public address; writes badges and launch links"
	@echo "make full PHOTOS=FOLDER   measure at full scale (hours) and record the results"
	@echo "make bench      measure speed and memory as ratios and record them"
	@echo "make readme     render the tables of the README"
	@echo "make lint       check the code's style          make lock    resolve requirements.lock anew"

$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "This course needs Python 3.11, 3.12 or 3.13. Install one, or name it: make PYTHON=/path/to/python3"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python can't make a virtual environment here (on Debian and Ubuntu: apt install python3-venv)."; exit 1; }
	@test -e $@ && echo "Updating $(VENV) ..." || echo "Installing into $(VENV) (about 1.9 GB, once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv || true
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements.lock || \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

lab: $(STAMP)
	$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) --ServerApp.root_dir="$(CURDIR)" --LabApp.default_url=/lab/tree/notebooks/01_one_dimensional_convolution.ipynb

run: $(STAMP)
	@$(BIN)/course run $(LESSONS)

grade: $(STAMP)
	@rm -rf build/class_01
	@$(BIN)/course grade examples/class_01/submissions --out build/class_01 --seed 1 --workers 2
	@diff examples/class_01/marks.csv build/class_01/marks.csv && echo "These are the marks that stand in examples/class_01/marks.csv."

test: $(STAMP)
	$(BIN)/python -m pytest

test-all: $(STAMP)
	$(BIN)/python -m pytest -m "long or not long"

mutation: $(STAMP)
	@$(BIN)/python tools/mutation.py $(LESSONS)

notebooks: $(STAMP)
	$(BIN)/python tools/build_notebooks.py $(LESSONS)
	$(BIN)/python tools/render_readme.py

links: $(STAMP)
	@$(BIN)/python tools/links.py $(REPO)

full: $(STAMP)
	@test -n "$(PHOTOS)" || { echo "Name a folder with train/ and test/, each with a folder of photographs a class: make full PHOTOS=FOLDER"; exit 1; }
	$(BIN)/python benchmarks/full_03.py
	$(BIN)/python benchmarks/full_04.py --photos "$(PHOTOS)"
	$(BIN)/python benchmarks/full_05.py
	$(BIN)/python benchmarks/ladder_05.py
	$(BIN)/python benchmarks/patience_05.py
	$(BIN)/python benchmarks/full_06.py --photos "$(PHOTOS)"
	$(BIN)/python benchmarks/looks_06.py
	$(BIN)/python benchmarks/tuning_06.py --photos "$(PHOTOS)"
	$(BIN)/python benchmarks/full_07.py --photos "$(PHOTOS)"
	$(BIN)/python benchmarks/full_08.py
	$(BIN)/python tools/render_readme.py

bench: $(STAMP)
	$(BIN)/python benchmarks/conv2d.py --record
	$(BIN)/python benchmarks/imports.py --record
	$(BIN)/python benchmarks/images.py --record
	$(BIN)/python benchmarks/recipes.py --record
	$(BIN)/python benchmarks/separable.py --record
	$(BIN)/python benchmarks/grading.py --record
	$(BIN)/python benchmarks/lessons.py --record
	$(BIN)/python tools/render_readme.py

readme: $(STAMP)
	$(BIN)/python tools/render_readme.py

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

lock: $(STAMP)
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --extra dev --no-emit-index-url --no-annotate --no-header pyproject.toml -o requirements.lock

clean:
	rm -rf build dist .pytest_cache .ruff_cache .hypothesis
