// SPDX-License-Identifier: GPL-2.0-only
/*
 * Handing a device over to cxl-vfio-pci and back, by driver_override. Each
 * step is verified, and what fails is undone: a device never stays without
 * the driver it had. What is cut short leaves its note, and the next bind or
 * unbind goes on from there.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "private.h"

#define PCI	"/sys/bus/pci"

static int write_attr(struct vcxl_device *dev, const char *attr,
		      const char *value)
{
	char path[PATH_MAX];
	int ret = vcxl_path(dev->ctx, path, PCI "/devices/%s/%s", dev->name,
			    attr);

	if (!ret)
		ret = vcxl_write_attr(dev->ctx, path, value);
	if (ret)
		vcxl_fail(dev->ctx, ret, dev->name,
			  ret == -EACCES || ret == -EPERM ? "run it as root" :
			  "", "can't write %s: %s", path, strerror(-ret));
	return ret;
}

static int set_override(struct vcxl_device *dev, const char *driver)
{
	/* An empty line clears it; nothing at all can't be written */
	return write_attr(dev, "driver_override", *driver ? driver : "\n");
}

static int detach(struct vcxl_device *dev)
{
	return dev->driver[0] ? write_attr(dev, "driver/unbind", dev->name) : 0;
}

/* The kernel's answer matters less than which driver has the device then */
static int probe(struct vcxl_device *dev)
{
	char path[PATH_MAX];
	int err, ret = vcxl_path(dev->ctx, path, PCI "/drivers_probe");

	err = ret ? ret : vcxl_write_attr(dev->ctx, path, dev->name);
	ret = vcxl_device_look(dev);
	return ret ? ret : err;
}

/*
 * By name first: another driver may match the device as well, and be asked
 * before the one that had it.
 */
static int attach(struct vcxl_device *dev, const char *driver)
{
	char path[PATH_MAX];
	int look, ret = vcxl_path(dev->ctx, path, PCI "/drivers/%s/bind", driver);

	if (!ret)
		ret = vcxl_write_attr(dev->ctx, path, dev->name);
	look = vcxl_device_look(dev);
	if (!look && !dev->driver[0])
		ret = probe(dev);
	return look ? look : ret;
}

static int check_kind(struct vcxl_device *dev)
{
	if (!vcxl_device_is_memory(dev))
		return vcxl_fail(dev->ctx, -EOPNOTSUPP, dev->name,
				 "'vfio-cxl list' shows those that are",
				 dev->config_known ?
				 "the device is no CXL memory device" :
				 "the device does not look like CXL memory, and its config space is hidden from you");
	if (dev->group < 0)
		return vcxl_fail(dev->ctx, -EOPNOTSUPP, dev->name,
				 "boot the host with its IOMMU on (intel_iommu=on or amd_iommu=on)",
				 "the device has no IOMMU group");
	return 0;
}

static int check_group(struct vcxl_device *dev)
{
	struct vcxl_peer *peers;
	size_t count, i;
	int ret = vcxl_device_peers(dev, &peers, &count);

	if (ret)
		return ret;
	for (i = 0; !ret && i < count; i++)
		if (peers[i].in_the_way)
			ret = vcxl_fail(dev->ctx, -EBUSY, dev->name,
					"bind that device to a VFIO driver too, or to none; --force binds all the same",
					"IOMMU group %d is not viable: %s in it belongs to %s",
					dev->group, peers[i].name,
					peers[i].driver);
	free(peers);
	return ret;
}

static int need_module(struct vcxl_device *dev, bool dry_run)
{
	char message[128];
	int ret;

	if (vcxl_module_loaded(dev->ctx))
		return 0;
	if (geteuid() && !*dev->ctx->root)
		return vcxl_fail(dev->ctx, -EACCES, dev->name, "run it as root",
				 "the module " VCXL_DRIVER " is not loaded, and only root can load it");
	ret = vcxl_modprobe(dev->ctx, VCXL_DRIVER, dry_run, message,
			    sizeof(message));
	if (!ret && (dry_run || vcxl_module_loaded(dev->ctx)))
		return 0;
	return vcxl_fail(dev->ctx, -ENOENT, dev->name,
			 "install " VCXL_DRIVER ".ko for this kernel, or insmod it",
			 "the module " VCXL_DRIVER " is not loaded and can't be%s%s",
			 *message ? ": " : "", message);
}

/*
 * Put the device back as @saved says, after a failure that vcxl_error() tells
 * of; how that went is added to the account.
 */
static int undo(struct vcxl_device *dev, const struct vcxl_saved *saved,
		int err)
{
	struct vcxl_error first = dev->ctx->error;
	bool back;
	int ret;

	vcxl_log(dev->ctx, "put %s back", dev->name);
	back = !set_override(dev, saved->override);
	if (!vcxl_device_look(dev) && strcmp(dev->driver, saved->driver)) {
		if (vcxl_device_is_bound(dev))
			detach(dev);
		if (saved->driver[0])
			attach(dev, saved->driver);
	}
	ret = vcxl_device_look(dev);
	if (ret)
		return vcxl_fail(dev->ctx, err, first.object, first.next,
				 "%s; and now %s", first.why,
				 ret == -ENODEV ? "the device is gone" :
				 "it can't be seen where the device is");
	back = back && !strcmp(dev->driver, saved->driver);
	if (back)
		vcxl_saved_remove(dev);

	return vcxl_fail(dev->ctx, err, first.object, first.next, "%s; %s%s",
			 first.why, back ? "the device is as it was, with " :
			 "and it could not be put back: it is now with ",
			 dev->driver[0] ? dev->driver : "no driver");
}

static int hand_over(struct vcxl_device *dev, const struct vcxl_saved *saved)
{
	int err, ret = set_override(dev, VCXL_DRIVER);

	if (!ret)
		ret = detach(dev);
	if (ret)
		return undo(dev, saved, ret);
	err = probe(dev);
	if (vcxl_device_is_bound(dev)) {
		/* Even if it could not be read again */
		strcpy(dev->override, VCXL_DRIVER);
		return 0;
	}
	ret = vcxl_fail(dev->ctx, err ? err : -EIO, dev->name,
			"see the kernel's log for what the driver says",
			VCXL_DRIVER " did not take the device%s%s",
			err ? ": " : "", err ? strerror(-err) : "");
	return undo(dev, saved, ret);
}

static void result_before(const struct vcxl_device *dev,
			  struct vcxl_bind_result *result)
{
	memset(result, 0, sizeof(*result));
	strcpy(result->old_driver, dev->driver);
	strcpy(result->old_override, dev->override);
	strcpy(result->new_driver, dev->driver);
	strcpy(result->new_override, dev->override);
}

/* What the caller knew of the device may be old, or nothing */
static int begin(struct vcxl_device *dev, struct vcxl_bind_result *result)
{
	int ret;

	result_before(dev, result);
	ret = vcxl_device_refresh(dev);
	if (!ret)
		result_before(dev, result);
	return ret;
}

static void result_after(const struct vcxl_device *dev,
			 struct vcxl_bind_result *result)
{
	strcpy(result->new_driver, dev->driver);
	strcpy(result->new_override, dev->override);
}

/* A bind or unbind that was cut short: its note knows more than the device */
static bool cut_short(const struct vcxl_device *dev,
		      const struct vcxl_saved *saved)
{
	bool ours = !strcmp(dev->override, VCXL_DRIVER);

	if (dev->driver[0])
		return ours && !strcmp(dev->driver, saved->driver);
	return ours || !strcmp(dev->override, saved->override);
}

/* Not one that isn't there, nor one that is damaged */
static bool is_unreadable(int err)
{
	return vcxl_starved(err) || err == -EIO || err == -EACCES ||
	       err == -EPERM;
}

static int cant_read_note(struct vcxl_device *dev, int err)
{
	return vcxl_fail(dev->ctx, err, dev->name,
			 err == -EACCES || err == -EPERM ? "run it as root" :
			 "", "can't read in /run/vfio-cxl which driver it had: %s",
			 strerror(-err));
}

static int save(struct vcxl_device *dev, struct vcxl_saved *saved)
{
	int ret = vcxl_saved_read(dev, saved);

	if (!ret && cut_short(dev, saved))
		return 0;
	/* It may be there all the same, and is not to be written over */
	if (is_unreadable(ret))
		return cant_read_note(dev, ret);
	memset(saved, 0, sizeof(*saved));
	strcpy(saved->driver, dev->driver);
	/* Ours, from somebody's rule: it would lead back here */
	if (strcmp(dev->override, VCXL_DRIVER))
		strcpy(saved->override, dev->override);
	ret = vcxl_saved_write(dev, saved);
	if (ret)
		vcxl_fail(dev->ctx, ret, dev->name,
			  ret == -EACCES || ret == -EPERM ? "run it as root" :
			  "", "can't note the former driver in /run/vfio-cxl: %s",
			  strerror(-ret));
	return ret;
}

static int check_bind(struct vcxl_device *dev, unsigned int flags)
{
	int ret = check_kind(dev);

	if (!ret && !(flags & VCXL_BIND_FORCE))
		ret = check_group(dev);
	if (!ret)
		ret = need_module(dev, flags & VCXL_BIND_DRY_RUN);
	/* That may have taken its time */
	if (!ret)
		ret = vcxl_device_refresh(dev);
	/* No force for this one: it would take the host's memory away */
	return ret ? ret : vcxl_check_system_ram(dev);
}

static int do_bind(struct vcxl_device *dev, unsigned int flags,
		   struct vcxl_bind_result *result)
{
	struct vcxl_saved saved;
	int ret = check_bind(dev, flags);

	if (ret)
		return ret;
	result_before(dev, result);
	/* By whoever had the lock before, or by loading the module */
	if (vcxl_device_is_bound(dev)) {
		result->already = true;
		return 0;
	}
	ret = save(dev, &saved);
	if (!ret)
		ret = hand_over(dev, &saved);
	result_after(dev, result);
	return ret;
}

/*
 * What else there is to know of the device. It is where it is, and that is told:
 * no failure any more.
 */
static void settle(struct vcxl_device *dev)
{
	struct vcxl_error error = dev->ctx->error;
	struct vcxl_device known = *dev;

	if (vcxl_starved(vcxl_device_refresh(dev))) {
		strcpy(dev->driver, known.driver);
		strcpy(dev->override, known.override);
		dev->group = known.group;
	}
	dev->ctx->error = error;
}

int vcxl_bind(struct vcxl_device *dev, unsigned int flags,
	      struct vcxl_bind_result *result)
{
	int lock, ret = begin(dev, result);

	if (ret)
		return ret;
	if (vcxl_device_is_bound(dev)) {
		result->already = true;
		return 0;
	}
	if (flags & VCXL_BIND_DRY_RUN) {
		ret = check_bind(dev, flags);
		strcpy(result->new_driver, VCXL_DRIVER);
		strcpy(result->new_override, VCXL_DRIVER);
		return ret;
	}
	lock = vcxl_saved_lock(dev);
	if (lock < 0)
		return lock;
	ret = do_bind(dev, flags, result);
	close(lock);
	settle(dev);
	return ret;
}

/* Whose driver can't be asked may be open as well as not */
static int check_open(struct vcxl_device *dev)
{
	struct vfio_cxl_info info;
	int ret = vcxl_info(dev, &info);

	vcxl_control_close(dev);
	if (ret == -EACCES || ret == -EPERM)
		return ret;
	if (ret)
		return vcxl_fail(dev->ctx, ret, dev->name,
				 "--force goes on, and waits for its user if there is one",
				 "can't tell whether the device is open: %s",
				 dev->ctx->error.why);
	if (!(info.flags & VFIO_CXL_INFO_OPEN))
		return 0;
	return vcxl_fail_reason(dev->ctx, -EBUSY, dev->name,
				VFIO_CXL_REASON_OPEN, "", "");
}

/* Without a note of it, whoever the kernel finds is as good as any */
static int find_driver(struct vcxl_device *dev)
{
	int ret = probe(dev);

	return !ret || dev->driver[0] ? 0 :
	       vcxl_fail(dev->ctx, -EREMOTEIO, dev->name,
			 "write the device's address to " PCI "/drivers_probe",
			 "the device left " VCXL_DRIVER ", but the kernel can't look for another driver: %s",
			 strerror(-ret));
}

static int give_back(struct vcxl_device *dev, const struct vcxl_saved *saved,
		     bool known)
{
	char path[PATH_MAX], message[128];
	int ret;

	if (!known)
		return find_driver(dev);
	if (!saved->driver[0])
		return 0;
	if (!vcxl_path(dev->ctx, path, PCI "/drivers/%s", saved->driver) &&
	    !vcxl_exists(path))
		vcxl_modprobe(dev->ctx, saved->driver, false, message,
			      sizeof(message));
	/* A driver that was just loaded has looked for its devices already */
	ret = vcxl_device_look(dev);
	if (ret != -ENODEV && !dev->driver[0])
		ret = attach(dev, saved->driver);
	if (!strcmp(dev->driver, saved->driver))
		return 0;
	return vcxl_fail(dev->ctx, -EREMOTEIO, dev->name,
			 "see the kernel's log for why it was refused; unbind tries again",
			 "the device left " VCXL_DRIVER ", but %s did not take it back%s%s",
			 saved->driver, ret ? ": " : "",
			 ret ? strerror(-ret) : "");
}

static int leave(struct vcxl_device *dev)
{
	int ret = vcxl_device_is_bound(dev) ? detach(dev) : 0;

	if (ret)
		return ret;
	ret = vcxl_device_look(dev);
	/* Who can't see where it is goes on: it was told to leave */
	if (vcxl_starved(ret))
		return 0;
	if (ret || !vcxl_device_is_bound(dev))
		return ret;
	return vcxl_fail(dev->ctx, -EBUSY, dev->name, "see the kernel's log",
			 "the device is still bound to " VCXL_DRIVER);
}

/* It did not leave, so what keeps it here has to stay as well */
static int stay(struct vcxl_device *dev, const char *override, int err)
{
	struct vcxl_error first = dev->ctx->error;

	set_override(dev, override);
	vcxl_device_look(dev);
	dev->ctx->error = first;
	return err;
}

/* Done but for the note, which nobody needs any more */
static int forget(struct vcxl_device *dev)
{
	int ret = vcxl_saved_remove(dev);

	return ret ? vcxl_fail(dev->ctx, -EREMOTEIO, dev->name,
			       "unbind tries again",
			       "the device is back, but the note of it in /run/vfio-cxl can't be removed: %s",
			       strerror(-ret)) : 0;
}

static int take_back(struct vcxl_device *dev, const struct vcxl_saved *saved,
		     bool known)
{
	char override[VCXL_NAME_LEN];
	int ret;

	strcpy(override, dev->override);
	/* The override first: nothing may bind it to us again in between */
	ret = set_override(dev, saved->override);
	if (!ret)
		ret = leave(dev);
	if (ret)
		return stay(dev, override, ret);
	ret = dev->driver[0] ? 0 : give_back(dev, saved, known);
	if (ret)
		return ret;
	/* Even if it could not be read again */
	strcpy(dev->override, saved->override);
	return forget(dev);
}

/* A note that may not be read is no missing one */
static int read_note(struct vcxl_device *dev, struct vcxl_saved *saved,
		     bool *known)
{
	int ret = vcxl_saved_read(dev, saved);

	*known = !ret;
	if (ret)
		memset(saved, 0, sizeof(*saved));
	return is_unreadable(ret) ? cant_read_note(dev, ret) : 0;
}

static bool is_away(const struct vcxl_device *dev)
{
	return !vcxl_device_is_bound(dev) &&
	       strcmp(dev->override, VCXL_DRIVER);
}

static void plan_unbind(const struct vcxl_device *dev,
			const struct vcxl_saved *saved,
			struct vcxl_bind_result *result)
{
	/* One of somebody else's stays; only the override is ours */
	strcpy(result->new_driver, dev->driver[0] &&
	       !vcxl_device_is_bound(dev) ? dev->driver : saved->driver);
	strcpy(result->new_override, saved->override);
}

static int do_unbind(struct vcxl_device *dev, unsigned int flags,
		     struct vcxl_bind_result *result)
{
	struct vcxl_saved saved;
	bool known;
	int ret = read_note(dev, &saved, &known);

	if (ret)
		return ret;
	result_before(dev, result);
	result->noted = known;
	/* Without a driver and with a note it is on its way back still */
	if (is_away(dev) && (dev->driver[0] || !saved.driver[0])) {
		result->already = true;
		/* With another than the noted one it may be taken back yet */
		if (!known || (flags & VCXL_BIND_DRY_RUN) ||
		    strcmp(dev->driver, saved.driver))
			return 0;
		return forget(dev);
	}
	if (vcxl_device_is_bound(dev) && !(flags & VCXL_BIND_FORCE))
		ret = check_open(dev);
	if (ret)
		return ret;
	if (flags & VCXL_BIND_DRY_RUN) {
		plan_unbind(dev, &saved, result);
		return 0;
	}
	vcxl_control_close(dev);
	ret = take_back(dev, &saved, known);
	result_after(dev, result);
	return ret;
}

int vcxl_unbind(struct vcxl_device *dev, unsigned int flags,
		struct vcxl_bind_result *result)
{
	struct vcxl_saved left;
	int lock, ret = begin(dev, result);

	if (ret)
		return ret;
	/* A note that was left behind is nobody's: it goes */
	if (is_away(dev) && dev->driver[0] && vcxl_saved_read(dev, &left)) {
		result->already = true;
		return 0;
	}
	if (flags & VCXL_BIND_DRY_RUN)
		return do_unbind(dev, flags, result);
	lock = vcxl_saved_lock(dev);
	if (lock < 0)
		return lock;
	ret = vcxl_device_refresh(dev);
	if (!ret)
		ret = do_unbind(dev, flags, result);
	close(lock);
	settle(dev);
	return ret;
}
