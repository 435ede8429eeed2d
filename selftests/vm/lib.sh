# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
#
# Where the roots are, for setup and in-root. Sourced with $vm set to the folder
# that holds this file, and with --lint or --debug in $which for another root.

cache=${VFIO_CXL_CACHE:-${XDG_CACHE_HOME:-${HOME:?is not set: set VFIO_CXL_CACHE}/.cache}/vfio-cxl}

die()
{
	echo "${0##*/}: $*" >&2
	exit 1
}

# The recipe decides how the root comes out, and therefore names it.
case $which in
--lint)	recipe=$vm/../lint/root kind=lint name=lint ;;
--debug) recipe=$vm/debug kind=debug name=debug ;;
*)	recipe=$vm/root kind=test name=root ;;
esac
root=$cache/$name-$(cat "$recipe"/* | sha256sum | cut -c1-12)

# There is no half root: it gets its name when it is complete.
need_root()
{
	[[ -d $root ]] ||
		die "there is no $kind root at $root: make it with" \
		    "selftests/vm/setup $which"
}
