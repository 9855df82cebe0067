// Where arch/common finds this machine's CpuLocal.
#pragma once

#include "../cpu/local.hpp"
