#include "kernel/net/tcp/table.hpp"

#include <algorithm>

#include "kernel/memory/heap.hpp"

namespace spore::net::tcp {

constinit Table table;

TableEntry* Table::find(u32 hash, const IpAddress& local, u16 local_port, const IpAddress& remote, u16 remote_port) {
    for (auto* entry = buckets_[hash & mask_]; entry; entry = entry->next)
        if (entry->hash == hash && entry->is(local, local_port, remote, remote_port)) return entry;
    return nullptr;
}

void Table::insert(TableEntry& entry, u32 hash) {
    entry.hash = hash;
    entry.in_table = true;
    auto*& bucket = buckets_[hash & mask_];
    entry.next = bucket;
    bucket = &entry;
    ++stripe(hash).count;
}

void Table::remove(TableEntry& entry) {
    auto** link = &buckets_[entry.hash & mask_];
    while (*link != &entry) link = &(*link)->next;
    *link = entry.next;
    entry.in_table = false;
    --stripe(entry.hash).count;
}

void Table::replace(TableEntry& before, TableEntry& with) {
    u32 hash = before.hash;
    remove(before);
    insert(with, hash);
}

void Table::grow() {
    if (!growing_.try_lock()) return;
    u64 entries = 0;  // roughly: seeing another CPU's change late does no harm
    for (auto& one : stripes_) entries += one.count;
    u32 size = mask_ + 1;
    if (entries > size) {
        u32 larger = size * 2;
        auto** buckets = static_cast<TableEntry**>(memory::allocate(larger * sizeof(TableEntry*)));
        if (buckets) {  // without memory chains grow longer
            std::fill_n(buckets, larger, nullptr);
            for (auto& one : stripes_) one.lock.lock();
            for (u32 i = 0; i < size; ++i)
                while (auto* entry = buckets_[i]) {
                    buckets_[i] = entry->next;
                    auto*& bucket = buckets[entry->hash & (larger - 1)];
                    entry->next = bucket;
                    bucket = entry;
                }
            auto** old = buckets_;
            buckets_ = buckets;
            mask_ = larger - 1;
            for (auto& one : stripes_) one.lock.unlock();
            if (old != first_buckets_) memory::deallocate(old);
        }
    }
    growing_.unlock();
}

}  // namespace spore::net::tcp
