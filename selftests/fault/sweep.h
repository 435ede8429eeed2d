/* SPDX-License-Identifier: GPL-2.0-only */
/* What is swept: for each operation, one failure at each point that it passes. */
#ifndef FAULT_SWEEP_H
#define FAULT_SWEEP_H

#include "inject.h"

/**
 * struct operation - a call that is made to fail at each of its points
 * @name: of the operation
 * @begin: goes to where the call begins, from where @end left it
 * @call: 0, or -errno with nothing done
 * @end: takes back what @call did
 * @check: is what the call leaves to the user as it has to be?
 * @gated: a failure may leave decoders to be restored, with the gate closed and
 *	VFIO_CXL_INFO saying so
 * @inside: the call has nothing to do with decoders: don't look from outside
 * @only: who alone has to have points there: "own" or "kernel"
 * @depth: of the stack, below which the kernel's failures are the driver's, where
 *	that has to be more than DEPTH; up to 32
 * @costs: a failure of the device's mailbox may cost what it is about: offers are
 *	given up, and what could not be given back is out of reach
 * @degrades: may a call that succeeds have got this instead of what it got
 *	without the failure?
 */
struct operation {
	const char *name;
	bool (*begin)(void);
	int (*call)(void);
	bool (*end)(void);
	bool (*check)(void);
	bool gated;
	bool inside;
	const char *only;
	unsigned int depth;
	bool costs;
	bool (*degrades)(const struct state *now, const struct state *done);
};

const struct operation *operation(const char *name);
bool operations_ready(void);
void operations_over(void);

#endif /* FAULT_SWEEP_H */
