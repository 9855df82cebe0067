#include "kernel/drivers/xen/grants.hpp"

#include "arch/mmu.hpp"
#include "kernel/memory/frame.hpp"

namespace spore::drivers::xen {

using namespace wire::xen;

constinit detail::GrantTable detail::grant_table;

namespace {

constexpr u32 per_page = page_size / sizeof(Grant);
constinit auto& table = detail::grant_table;

Grant& entry(u32 grant) { return table.pages[grant / per_page][grant % per_page]; }

Result<void> add_page() {
    if (table.page_count == table.max_pages) return fail(Error::no_space);
    auto* frame = TRY(memory::allocate_zeroed_frames());
    TRY(arch::xen::replace_frame(memory::address_of(*frame), Space::grant_table, table.page_count));
    table.pages[table.page_count++] = reinterpret_cast<Grant*>(memory::bytes_of_frame(*frame));
    return {};
}

}  // namespace

Result<u32> take_grants(u32 count) {
    while (table.taken + count > table.page_count * per_page) TRY(add_page());
    u32 first = table.taken;
    table.taken += count;
    return first;
}

void allow(u32 grant, u16 domain, PhysAddr address, Sharing sharing) {
    auto& place = entry(grant);
    place.frame = static_cast<u32>(address.value >> page_shift);
    place.domain = domain;
    // What is allowed before that it is; pairs with Xen's read.
    __atomic_store_n(&place.flags, static_cast<u16>(grant_access | (sharing == Sharing::read ? grant_read_only : 0)), __ATOMIC_RELEASE);
}

bool forbid(u32 grant) {
    auto& flags = entry(grant).flags;
    u16 seen = __atomic_load_n(&flags, __ATOMIC_RELAXED);
    do
        if (seen & grant_in_use) return false;
    while (!__atomic_compare_exchange_n(&flags, &seen, u16{0}, true, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
    return true;
}

}  // namespace spore::drivers::xen
