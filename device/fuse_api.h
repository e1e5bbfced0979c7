// SPDX-License-Identifier: GPL-2.0-only
//
// libfuse's low-level interface, in the one version that all of our sources mean.

#pragma once

#define FUSE_USE_VERSION 314

#include <fuse3/fuse_lowlevel.h>
