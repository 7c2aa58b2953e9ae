# SPDX-License-Identifier: MIT
# Prints the sources that the Makefile's lists name, and the order of folders.
lists:
	@for f in $(foreach l,$(layers) cmd,$(patsubst %,$(l)/%.c,$($(l)))); do \
		echo $$f; done
layers:
	@echo $(notdir $(layers))
