// SPDX-License-Identifier: GPL-2.0-only
/* A fuzzer's inputs without a fuzzer: each argument is a file of one. */
#include <sys/stat.h>

#include "input.h"

int main(int argc, char *argv[])
{
	struct stat st;
	uint8_t *data;
	FILE *file;
	int i;

	for (i = 1; i < argc; i++) {
		file = fopen(argv[i], "rb");
		if (!file || fstat(fileno(file), &st)) {
			perror(argv[i]);
			return 1;
		}
		data = malloc(st.st_size + 1);
		if (!data || fread(data, 1, st.st_size, file) !=
			     (size_t)st.st_size) {
			perror(argv[i]);
			return 1;
		}
		fclose(file);
		LLVMFuzzerTestOneInput(data, st.st_size);
		free(data);
	}

	return 0;
}
