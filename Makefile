# SPDX-License-Identifier: GPL-2.0-only
#
#   make                 module for the running kernel, and the helper
#   make install         both, on this machine
#   make demo            the main job, in a VM with an emulated CXL device
#   make check           all tests
#   make fuzz            fuzz the driver's pure files for longer: TIME=seconds
#   make vmfuzz          fuzz the driver as a whole, in a VM: MINUTES= TOPOLOGY=
#   make check-debug     those that need a device, on a debug kernel
#   make soak MINUTES=   everything at once on it, for so long; SEED=
#   make lint            all static checks
#   make mutants         do the tests notice a driver with a fault in it?
#   make coverage        what of the code do the tests reach?
#   make bench           how fast, beside vfio-pci and device-dax
#   make clean
#
# KDIR=  kernel to build the module for     V=1  show the commands
# FAULTS=1  a module for tests, whose fault points can be made to fail
# COV=1     on the debug kernel, a module that counts what runs
# DESTDIR=, prefix=  where to install       W=1  kernel build with more warnings

prefix ?= /usr/local
KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
build := $(CURDIR)/build
module := $(build)/module-$(KVER)$(if $(filter 1,$(FAULTS)),-faults)
export prefix DESTDIR
# A distribution keeps its key, and signing without one is a scary message
unsigned := $(if $(wildcard $(KDIR)/certs/signing_key.pem),,CONFIG_MODULE_SIG_ALL=)

all: module tools

# The kernel's build writes next to the sources, so each kernel gets a copy
module:
	@test -d "$(KDIR)" || { echo >&2 "no kernel headers in $(KDIR):" \
		"install them (Debian: linux-headers-$(KVER)) or say KDIR="; exit 1; }
	@mkdir -p $(module)
	@cp -Ru --preserve=timestamps Kbuild VERSION drivers include $(module)/
	$(MAKE) -C $(KDIR) M=$(module) CONFIG_DEBUG_INFO_BTF_MODULES= \
		$(if $(filter 1,$(FAULTS)),CONFIG_CXL_VFIO_PCI_FAULTS=y) modules
	@ln -sf drivers/vfio/pci/cxl/cxl-vfio-pci.ko $(module)/cxl-vfio-pci.ko

tools:
	$(MAKE) -C tools/vfio-cxl O=$(build)/tools

# The unit tests as a module, for the debug kernel
kunit:
	$(MAKE) -C selftests/unit kunit KVER=$(KVER) KDIR=$(KDIR)

install: all
	$(MAKE) -C $(KDIR) M=$(module) INSTALL_MOD_PATH=$(DESTDIR) \
		$(unsigned) modules_install
	@# Debian's headers have no System.map, without which it is left out
	$(if $(DESTDIR),,depmod $(KVER))
	$(MAKE) -C tools/vfio-cxl O=$(build)/tools install

demo:
	selftests/demo

# The first also installs python3, which the last is written in
check:
	selftests/vm/setup
	selftests/vm/setup --lint
	selftests/check

fuzz:
	selftests/vm/setup --lint
	selftests/vm/in-root --lint -- \
		$(MAKE) -s -C selftests/fuzz fuzz $(if $(TIME),TIME=$(TIME))

vmfuzz:
	TOPOLOGY='$(TOPOLOGY)' selftests/vmfuzz/fuzz $(or $(MINUTES),10)

check-debug:
	selftests/vm/setup
	selftests/check-debug

soak:
	selftests/soak/run $(or $(MINUTES),5) $(SEED)

lint:
	selftests/lint/run

mutants:
	selftests/vm/setup
	selftests/mutants/run

coverage:
	selftests/coverage/run

bench:
	selftests/vm/setup
	selftests/bench/run

clean:
	rm -rf $(build)

.PHONY: all module tools kunit install demo check fuzz vmfuzz check-debug soak \
	lint mutants coverage bench clean
