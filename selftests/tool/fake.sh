# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Builds what is preloaded as a driver; sourced after tap.sh.

# build_fake: $tap_tmp/fake.so
build_fake()
{
	local flags

	# shellcheck disable=SC2154 # of who sources this
	read -ra flags < <(pkg-config --cflags libnl-genl-3.0)
	# shellcheck disable=SC2154
	gcc -Wall -Wextra -Werror -O1 -g -D_GNU_SOURCE -I"$top/include/uapi" \
		"${flags[@]}" -shared -fPIC -o "$tap_tmp/fake.so" \
		"$here"/fake{,_backend,_dc,_host,_nl}.c
}
