// /proc/sys.
#pragma once

#include "kernel/linux/proc/table_tree.hpp"

namespace spore::linux::proc {

std::span<const TableRow> settings();
/// The rows of /sys.
std::span<const TableRow> sys_rows();
/// The files at /proc's top.
std::span<const TableRow> system_rows();

}  // namespace spore::linux::proc
