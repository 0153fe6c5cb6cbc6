/* SPDX-License-Identifier: ISC */
/* view.c - the bounds of the histogram. Constant. One thread. */
#include "vrrp/view.h"

const double vr_view_late[VR_VIEW_LATE] = { 0.0001, 0.001, 0.01, 0.1, 1, 10 };
