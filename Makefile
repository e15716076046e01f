# The whole interface for people. `make run` and `make test` need Python 3.11+ and nothing else.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
ifeq ($(strip $(PYTHON)),)
$(error Tandem needs Python 3.11 or newer and found none. Install it (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python) or name it: make run PYTHON=/path/to/python3)
endif
BOOT = "$(PYTHON)" -I config/bootstrap.py
export PORT

.PHONY: run test lint fix messages lock bench
.DEFAULT_GOAL := run

run:
	@exec $(BOOT) run -m config.run

test:
	@exec $(BOOT) dev -m config.checks all

lint:
	@exec $(BOOT) dev -m config.checks lint

fix:
	@exec $(BOOT) dev -m config.checks fix

messages:
	@exec $(BOOT) dev -m config.messages update

lock:
	@exec $(BOOT) dev -m config.checks lock

bench:
	@exec $(BOOT) dev -m bench
