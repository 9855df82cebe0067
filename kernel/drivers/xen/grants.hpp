// Grants: which of our frames another domain may read, or write too. Each entry of the table is a number that a device is told.
#pragma once

#include "arch/xen.hpp"

namespace spore::drivers::xen {

/// Entries that are nobody else's, for ever; the first one's number. They allow nothing yet. no_space when the table is full.
Result<u32> take_grants(u32 count);

enum class Sharing : u8 { read, write };
/// Lets the domain use the frame of `address`. The entry allows nothing before.
void allow(u32 grant, u16 domain, PhysAddr address, Sharing sharing);
/// Takes it back. False while the other side still has the frame mapped: then it stays allowed, and the frame must not be used for anything else.
bool forbid(u32 grant);

namespace detail {
/// Entries are taken only while the machine starts, by one thread.
struct GrantTable {
    static constexpr u32 max_pages = 32;  ///< of which Xen by default gives twice as many
    wire::xen::Grant* pages[max_pages] = {};
    u32 page_count = 0, taken = wire::xen::reserved_grants;
};
extern constinit GrantTable grant_table;
}  // namespace detail

}  // namespace spore::drivers::xen
