#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# topologies: direct static firmware
# The library's VFIO client with the driver; the outcome is looked at from the
# control node and from outside.

here=${0%/*}
. "$here/tap.sh"
. "$here/guest.sh"
lib=$(dirname "$VFIO_CXL")/vm-lib

load_module && exit_is 0 bind "$DEV"
is "$(driver)" cxl-vfio-pci bound || exit
[[ $TOPOLOGY == firmware ]] || exit_is 0 decoder program "$DEV"
before=$(registers)
tap_of "$lib" "$DEV"
is "$(registers)" "$before" 'the physical decoder has not moved'
exit_is 0 status "$DEV" --json
json '.devices[0] | [.state, (.info.flags | index("SEALED"))]' '["LIVE",null]' \
	'nothing of it is left'
