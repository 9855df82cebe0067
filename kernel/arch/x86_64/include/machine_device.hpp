// How devices are accessed: load_device, store_device.
#pragma once

#include "../../common/device/volatile_access.hpp"
