# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154 # of who sources this, and of tap.sh
#
# A user of the device, and a reader of what changes; sourced after guest.sh.

# begin_tenant: vm-tenant has the device open; its answer is $said
begin_tenant()
{
	coproc TENANT { "${VFIO_CXL%/*}/vm-tenant" "$DEV"; }
	user_pid=$TENANT_PID
	read -r said <&"${TENANT[0]}"
	is "$said" ok 'a tenant'
}

# end_tenant: it closes the device, and is gone
end_tenant()
{
	eval "exec ${TENANT[1]}>&-"
	wait "$user_pid"
}

# tenant COMMAND...: of vm-tenant; its answer is $said
tenant()
{
	echo "$*" >&"${TENANT[1]}"
	read -r said <&"${TENANT[0]}"
}

# watch EVENT: the monitor, from now on, for one change; seen: when it was there
watch()
{
	"$VFIO_CXL" monitor --json --count 1 --timeout 60 --event "$1" "$DEV" \
		>"$tap_tmp/seen" &
	monitor=$!
	# It misses nothing from when it has joined the group on
	until awk '$2 == 16 && $4 != "00000000" { found = 1 }
		   END { exit !found }' /proc/net/netlink; do
		kill -0 "$monitor" 2>/dev/null || break
		sleep 0.05
	done
}

seen()
{
	wait "$monitor"
	is $? 0 'who waited has seen it'
	out=$(<"$tap_tmp/seen")
}
