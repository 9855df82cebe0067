#include "kernel/fs/dentry_cache.hpp"

namespace spore::fs {
namespace {
constinit DentryCache the_cache;
}

DentryCache& dentry_cache() { return the_cache; }

Shared<Dentry> DentryCache::find(Dentry& parent, const HashedName& name) {
    u64 hash = mix(parent, name.hash);
    return shard_of(hash).with([&](Shard& shard) -> Shared<Dentry> {
        for (auto* entry = shard.bucket(hash); entry; entry = entry->hash_next_) {
            // Name and parent change only while the entry is in no shard, so they hold still here.
            if (entry->hash_ != hash || entry->parent_.get() != &parent || entry->name_locked() != name.text) continue;
            entry->used_ = true;
            return Shared(*entry);
        }
        return {};
    });
}

void DentryCache::insert(Dentry& entry, const HashedName& name) {
    u64 hash = mix(*entry.parent_, name.hash);
    entry.retain();
    auto* dropped = shard_of(hash).with([&](Shard& shard) -> Dentry* {
        entry.hash_ = hash;
        entry.hashed_ = true;
        entry.hash_next_ = std::exchange(shard.bucket(hash), &entry);
        shard.by_age.push_back(entry);
        return ++shard.count > limit_per_shard_ ? shard.take_unused(false) : nullptr;
    });
    // Letting go may free an inode with all its pages, or sleep.
    if (dropped) Shared<Dentry>::adopt(dropped).reset();
}

void DentryCache::Shard::remove(Dentry& entry) {
    auto** at = &bucket(entry.hash_);
    while (*at != &entry) at = &(*at)->hash_next_;
    *at = entry.hash_next_;
    entry.hash_next_ = nullptr;
    entry.hashed_ = false;
    by_age.remove(entry);
    --count;
}

Dentry* DentryCache::Shard::take_unused(bool even_recent) {
    // A second chance for what was used since it was last seen here, and a bound on the effort.
    unsigned effort = even_recent ? count : 8;
    for (auto* entry = by_age.first(); entry && effort-- > 0; entry = by_age.first()) {
        if (entry->owners() == 1 && (even_recent || !entry->used_)) {
            remove(*entry);
            return entry;
        }
        entry->used_ = false;
        by_age.remove(*entry);
        by_age.push_back(*entry);
    }
    return nullptr;
}

void DentryCache::forget(Dentry& entry, Forget how) {
    bool was_hashed = shard_of(entry.hash_).with([&](Shard& shard) {
        if (how == Forget::deleted) entry.deleted_.store(true, std::memory_order_relaxed);
        if (!entry.hashed_) return false;
        shard.remove(entry);
        return true;
    });
    if (was_hashed) Shared<Dentry>::adopt(&entry).reset();
}

Result<Text> DentryCache::memory_for(const HashedName& name) {
    if (name.text.size() <= sizeof Dentry::short_name_) return Text();
    return Text::copy(name.text);
}

void DentryCache::move(Dentry& entry, Dentry& new_parent, const HashedName& new_name, Text longer) {
    Shared keep(entry);
    forget(entry, Forget::only);
    Shared<Dentry> parent(new_parent);
    {
        Guard guard(tree_lock());
        std::swap(entry.long_name_, longer);
        if (entry.long_name_.empty()) std::memcpy(entry.short_name_, new_name.text.data(), new_name.text.size());
        entry.name_size_ = static_cast<u8>(new_name.text.size());
        std::swap(entry.parent_, parent);
    }
    insert(entry, new_name);
}

void DentryCache::shrink() {
    // Dropping a child may leave its parent unused, so go on until nothing more goes.
    for (bool dropped = true; dropped;) {
        dropped = false;
        for (auto& shard : shards_)
            while (auto* entry = shard.with([](Shard& s) { return s.take_unused(true); })) {
                Shared<Dentry>::adopt(entry).reset();
                dropped = true;
            }
    }
}

}  // namespace spore::fs
