/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A CXL device in software, for QEMU's vfio-user-pci: what it says of itself and
 * how it behaves is told by a script, see control.c.
 */
#ifndef MODEL_H
#define MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mailbox.h"

#define CONFIG_SIZE	4096
#define BLOCK_SIZE	0x10000		/* component registers */
#define CM		0x1000		/* CXL.cache/mem in them */
#define BAR0_SIZE	(1U << 20)	/* registers, block included */
#define BAR2_SIZE	(2U << 20)	/* memory that a guest maps */
#define BAR4_SIZE	0x4000		/* MSI-X */
#define BAR4_PBA	0x1000
#define VECTORS		8
#define MAX_LIES	32
#define MAX_WORDS	16
#define DOE_WORDS	16

/* Where things are in config space; what begins them is there from the start */
#define CFG_EXPRESS	0x40
#define CFG_MSIX	0x80
#define CFG_PM		0x90
#define CFG_SERIAL	0x100
#define CFG_DEVICE	0x110		/* CXL Device DVSEC */
#define CFG_LOCATOR	0x150		/* Register Locator DVSEC */
#define CFG_AER		0x180
#define CFG_GPF		0x1c8		/* Global Persistent Flush DVSEC */
#define CFG_FLEX	0x1d8		/* Flex Bus Port DVSEC */
#define CFG_SPARE	0x200		/* a DVSEC that is nobody's, yet */
#define CFG_DOE		0x280
#define CFG_MANY	0x300		/* more of them, each of 16 bytes */
#define MANY		12
#define CFG_LAST	0xfe8		/* and one with no room behind it */

enum spaces { SPACE_CFG, SPACE_CM, SPACE_DEV, SPACES };

enum commit {
	COMMIT_OK,
	COMMIT_NEVER,		/* neither COMMITTED nor an error */
	COMMIT_ERROR,
	COMMIT_SLOW,		/* after commit_ms */
	COMMIT_LIE,		/* to another range than the one written */
	COMMIT_GONE,		/* and the registers with it */
	COMMIT_STUCK,		/* and never uncommitted */
};

/* What reads of an aligned dword get instead of the register */
struct lie {
	enum spaces space;
	uint32_t offset;
	uint32_t value;
	uint32_t skip;		/* reads that are still honest */
	uint32_t count;		/* lies left; 0: no end */
	bool set;
};

/* A data object on its way in, and one out */
struct doe {
	uint32_t in[DOE_WORDS];
	uint32_t out[DOE_WORDS];
	unsigned int filled;
	unsigned int n;
	unsigned int at;
};

struct model {
	uint8_t config[CONFIG_SIZE];
	uint8_t writable[CONFIG_SIZE];
	uint8_t bar0[BAR0_SIZE];
	uint8_t block[BLOCK_SIZE];
	uint32_t block_at;		/* in BAR 0 */
	uint8_t pba[BAR4_SIZE];
	uint64_t serial;
	uint64_t memory_size;
	uint64_t capacity;		/* as it says */
	unsigned int decoders;

	enum commit commit;
	unsigned int commit_ms;
	uint64_t commit_due;		/* of the decoder below; 0: none */
	unsigned int committing;
	long media_ms;			/* after a reset; below 0: never */
	uint64_t media_due;
	bool keep;			/* decoders and Control outlive resets */
	bool ones[SPACES];
	struct lie lies[MAX_LIES];
	unsigned int drop;		/* so many replies are not sent */
	struct mailbox mailbox;
	struct doe doe;
	struct {
		unsigned int flr, reset, commit, write;
	} count;

	int socket;			/* the emulator's; -1: closed */
	int memory;			/* of BAR 2 */
	int vector[VECTORS];
	uint16_t request;		/* number of our last one */
};

/* config.c */
void config_init(struct model *m);
void config_ranges(struct model *m);
void config_locator(struct model *m);
void config_reset(struct model *m);
void config_write(struct model *m, uint32_t at, const void *data, uint32_t n);

/* doe.c */
void doe_reset(struct model *m);
void doe_write(struct model *m, uint32_t at, uint32_t value);

/* regs.c */
void regs_init(struct model *m);
void regs_reset(struct model *m);
void regs_settle(struct model *m);
void regs_write(struct model *m, uint32_t at, uint32_t value);
void regs_decoder(struct model *m, unsigned int n, uint64_t base, uint64_t size,
		  uint32_t ctrl, uint64_t skip);

/* access.c */
void model_reset(struct model *m);
void model_default(struct model *m);
bool model_read(struct model *m, uint32_t region, uint64_t at, void *to,
		uint32_t n);
bool model_write(struct model *m, uint32_t region, uint64_t at,
		 const void *from, uint32_t n);

/* protocol.c */
bool protocol_serve(struct model *m);
const char *protocol_dma(struct model *m, bool write, uint64_t iova, void *data,
			 uint32_t n);

/* control.c */
void control_line(struct model *m, char *line, char *answer, size_t size);

uint64_t now_ms(void);
uint32_t get32(const void *from);
void put16(void *to, uint16_t value);
void put32(void *to, uint32_t value);

#endif /* MODEL_H */
