/* SPDX-License-Identifier: ISC */
/* main.c - weir-vrrp: where it starts. */
#include "vrrp/settings.h"

int
main(int argc, char **argv)
{
	return 0;
}
