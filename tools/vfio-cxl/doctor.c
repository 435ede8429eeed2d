// SPDX-License-Identifier: GPL-2.0-only
/* doctor: what stands between this host and a tenant's memory. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"

static const char *const names[] = {
	[CHECK_OK] = "OK",
	[CHECK_NOTE] = "NOTE",
	[CHECK_WARN] = "WARN",
	[CHECK_FAIL] = "FAIL",
	[CHECK_UNKNOWN] = "UNKNOWN",
};

static const char *const words[] = {
	[CHECK_OK] = "ok",
	[CHECK_NOTE] = "note",
	[CHECK_WARN] = "warn",
	[CHECK_FAIL] = "fail",
	[CHECK_UNKNOWN] = "unknown",
};

void finding(struct doctor *d, const char *check, enum result result,
	     const char *remedy, const char *format, ...)
{
	struct json_object *o = json_record();
	char text[512];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	/* There may be names of files in it */
	tame(text);
	json_add(o, "device", json_text(d->device));
	json_add(o, "check", json_text(check));
	json_add(o, "result", json_text(names[result]));
	json_add(o, "text", json_text(text));
	json_add(o, "remedy", json_text(remedy));
	json_append(d->records, o);
	d->counts[result]++;
	if (d->args->opt[OPT_JSON])
		return;
	printf("  %-8s %-15s %s\n", words[result], check, text);
	if (*remedy)
		printf("  %-8s %-15s -> %s\n", "", "", remedy);
}

void cant_see(struct doctor *d, const char *check, const char *what, int err)
{
	bool rights = err == -EACCES || err == -EPERM;

	finding(d, check, CHECK_UNKNOWN, rights ? "run it as root" : "",
		"%s can't be read: %s", what, strerror(-err));
}

static void begin(struct doctor *d, const char *device)
{
	d->device = device;
	if (!d->args->opt[OPT_JSON])
		puts(device ? device : "host");
}

static void check_found(struct doctor *d, size_t count)
{
	const char *hidden = "accelerators show only to root: run it as root";
	bool root = !geteuid();

	if (!count && root)
		finding(d, "devices", CHECK_FAIL,
			"look with 'lspci -nn'; is the device in a CXL slot, and CXL on in the platform's setup?",
			"no CXL memory device is found");
	else
		finding(d, "devices", root ? CHECK_OK : CHECK_UNKNOWN,
			root ? "" : hidden, "%zu found", count);
}

static int check_all(struct doctor *d)
{
	struct vcxl_device **devs;
	size_t count, i;
	int ret = vcxl_devices(d->args->ctx, &devs, &count);

	if (ret)
		return ret;
	begin(d, NULL);
	check_host(d);
	check_settings(d);
	check_found(d, count);
	for (i = 0; i < count; i++) {
		begin(d, vcxl_device_name(devs[i]));
		check_device(d, devs[i]);
	}
	vcxl_devices_free(devs, count);
	return 0;
}

static int check_one(struct doctor *d)
{
	struct vcxl_device *dev;
	int ret = open_device(d->args, &dev);

	if (ret)
		return ret;
	begin(d, NULL);
	check_host(d);
	check_settings(d);
	begin(d, vcxl_device_name(dev));
	check_device(d, dev);
	vcxl_device_free(dev);
	return 0;
}

static void print_sum(const struct doctor *d)
{
	int i;

	for (i = 0; i < CHECK_RESULTS; i++)
		printf("%s%u %s", i ? ", " : "", d->counts[i], words[i]);
	puts("");
}

int cmd_doctor(struct args *args)
{
	struct doctor d = { .args = args };
	int ret;

	d.records = json_list();
	ret = args->device ? check_one(&d) : check_all(&d);
	if (!ret && args->opt[OPT_JSON])
		print_json("checks", d.records);
	else if (!ret)
		print_sum(&d);
	json_object_put(d.records);
	if (ret)
		return report(args, ret);
	return d.counts[CHECK_FAIL] ? EXIT_FAILED : EXIT_DONE;
}
