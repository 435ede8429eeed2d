#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# topologies: direct firmware
# The example VMM, with a guest under KVM, which TCG can nest; the media is looked
# at from outside.

here=${0%/*}
. "$here/tap.sh"
. "$here/guest.sh"
vmm=$(dirname "$VFIO_CXL")/example-vmm/example-vmm

# vmm ARGUMENT...: like run, of the example
vmm()
{
	"$vmm" "$@" >"$tap_tmp/out" 2>"$tap_tmp/err" </dev/null
	code=$?
	out=$(<"$tap_tmp/out")
	err=$(<"$tap_tmp/err")
}

load_module && exit_is 0 bind "$DEV"
is "$(driver)" cxl-vfio-pci bound || exit
vmm
is $code 2 'no device is named'
if [[ $TOPOLOGY != firmware ]]; then
	vmm "$DEV"
	is $code 1 'a decoder that is not committed'
	has "$err" "commit it with 'vfio-cxl decoder program'" 'and what to do'
	exit_is 0 decoder program "$DEV"
fi

bed media write static 0 00
modprobe -r kvm_amd kvm_intel 2>/dev/null
[[ ! -e /dev/kvm ]]
ok $? 'no KVM'
vmm "$DEV"
is $code 0 'without KVM'
has "$out" 'guest: none' 'it says so'
vmm --kvm "$DEV"
is $code 1 'unless it is wanted'
modprobe kvm_amd || modprobe kvm_intel
bed media write static 0 00
vmm --kvm "$DEV"
is $code 0 'with KVM' || echo "# $err"
has "$out" 'sealed: base 0x1000000000, control 0x1700' 'placed and sealed'
has "$out" 'guest: stored 0xc5 at 0x1000000000' 'the guest stores'
has "$out" 'memory: 0xc5 after the guest' 'and the VMM sees it'
has "$out" 'reset: base 0x1000000000, sealed' 'a reboot'
has "$out" 'guest: found 0xc5' 'the guest finds it there'
is "$(bed media read static 0 1)" c5 'and so does the media'
vmm --kvm "$DEV" 0x80000000
is $code 0 'below 4 GiB too'
vmm "$DEV" 0x80000001
is $code 1 'an address between two steps'
has "$err" 'multiple of 256 MiB' 'and what it has to be'
vmm "$DEV" 0xfffffffff0000000
is $code 1 'an address that is too high'
exit_is 0 unbind "$DEV"
