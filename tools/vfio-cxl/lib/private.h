/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the library share, and nobody else sees. */
#ifndef VCXL_PRIVATE_H
#define VCXL_PRIVATE_H

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "libvfio-cxl.h"

#define VCXL_ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

struct vcxl {
	const char *root;	/* before every path; empty as a rule */
	struct vcxl_error error;
	void (*log)(const char *line);
};

struct vcxl_device {
	struct vcxl *ctx;
	char name[VCXL_NAME_LEN];
	char driver[VCXL_NAME_LEN];
	char override[VCXL_NAME_LEN];
	char vfio_name[VCXL_NAME_LEN];
	uint32_t class_code;
	uint16_t vendor_id;
	uint16_t device_id;
	int numa_node;
	int group;
	bool config_known;
	bool has_serial;
	bool mem_capable;
	uint64_t serial;
	int control;		/* the control node, once opened; or -1 */
};

/*
 * Is a failure one of ours, of this moment? It says nothing about what was asked:
 * "there is none" would be a lie.
 */
static inline bool vcxl_starved(int err)
{
	return err == -ENOMEM || err == -EMFILE || err == -ENFILE;
}

/* error.c */
__attribute__((format(printf, 5, 6)))
int vcxl_fail(struct vcxl *ctx, int err, const char *object, const char *next,
	      const char *why, ...);
int vcxl_fail_reason(struct vcxl *ctx, int err, const char *object,
		     uint32_t reason, const char *element, const char *doing);
__attribute__((format(printf, 2, 3)))
void vcxl_log(struct vcxl *ctx, const char *format, ...);

/* sysfs.c */
__attribute__((format(printf, 3, 4)))
int vcxl_path(struct vcxl *ctx, char *path, const char *format, ...);
int vcxl_read_all(int fd, char *buf, size_t len, size_t *got);
int vcxl_open_file(const char *path, size_t *size);
int vcxl_read_file(const char *path, void *buf, size_t len, size_t *got);
int vcxl_read_text(const char *path, char **text);
int vcxl_read_attr(const char *path, char *buf, size_t len);
int vcxl_read_u64(const char *path, uint64_t *value);
int vcxl_write_attr(struct vcxl *ctx, const char *path, const char *value);
int vcxl_link_name(const char *path, char *buf, size_t len);
int vcxl_list_dir(const char *path, char ***names, size_t *count);
void vcxl_free_names(char **names, size_t count);
int vcxl_exists(const char *path);
void vcxl_printable(char *s);
bool vcxl_name_ok(const char *name);

/* pci.c */
int vcxl_device_look(struct vcxl_device *dev);

/* config.c */
int vcxl_config_read(struct vcxl_device *dev, int fd, size_t size);

/* iomem.c */
struct vcxl_iomem {
	uint64_t start;
	uint64_t end;		/* inclusive */
	char name[VCXL_NAME_LEN];
};

int vcxl_iomem_read(struct vcxl *ctx, struct vcxl_iomem **entries,
		    size_t *count);

/* regions.c */
int vcxl_check_system_ram(const struct vcxl_device *dev);

/* saved.c */
struct vcxl_saved {
	char driver[VCXL_NAME_LEN];
	char override[VCXL_NAME_LEN];
};

int vcxl_saved_lock(struct vcxl_device *dev);
int vcxl_saved_write(struct vcxl_device *dev, const struct vcxl_saved *saved);
int vcxl_saved_read(struct vcxl_device *dev, struct vcxl_saved *saved);
int vcxl_saved_remove(struct vcxl_device *dev);

/* control.c */
int vcxl_need_bound(struct vcxl_device *dev);
int vcxl_control_path(struct vcxl_device *dev, char *path);
int vcxl_control_fail(struct vcxl_device *dev, int err, const char *path);
int vcxl_control_open(struct vcxl_device *dev);
void vcxl_control_close(struct vcxl_device *dev);

/* dc.c: what is asked of the control node, and of the VFIO device fd */
struct vcxl_dc {
	struct vcxl *ctx;
	const char *name;
	int fd;
};

int vcxl_dc_ask_info(const struct vcxl_dc *dc, struct vfio_cxl_dc_info *info);
int vcxl_dc_ask_list(const struct vcxl_dc *dc,
		     struct vfio_cxl_dc_extent **extents, size_t *count);
int vcxl_dc_ask_status(const struct vcxl_dc *dc,
		       struct vfio_cxl_dc_status *status);
int vcxl_dc_decide(const struct vcxl_dc *dc, unsigned long request,
		   struct vfio_cxl_dc_decide *decide);

/* compat.c */
int vcxl_dc_info_2(struct vcxl_device *dev, struct vfio_cxl_dc_info *info);
int vcxl_client_dc_info_2(struct vcxl_client *client,
			  struct vfio_cxl_dc_info *info);

/* modprobe.c */
int vcxl_modprobe(struct vcxl *ctx, const char *module, bool dry_run,
		  char *message, size_t len);

#endif /* VCXL_PRIVATE_H */
