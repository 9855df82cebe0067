// Names that were looked up, found by parent and name; absent names too. Sharded: each shard has its lock, its hash table and its
// list from the oldest to the newest.
#pragma once

#include "kernel/fs/dentry.hpp"

namespace spore::fs {

/// A name with its hash; computed once while the path is taken apart.
struct HashedName {
    std::string_view text;
    u64 hash;
};
inline constexpr u64 name_hash_start = 0xcbf2'9ce4'8422'2325;
constexpr u64 name_hash_step(u64 hash, char c) { return (hash ^ static_cast<u8>(c)) * 0x100'0000'01b3; }  // FNV-1a
constexpr HashedName hash_name(std::string_view text) {
    u64 hash = name_hash_start;
    for (char c : text) hash = name_hash_step(hash, c);
    return {text, hash};
}

class DentryCache {
public:
    constexpr DentryCache() = default;

    Shared<Dentry> find(Dentry& parent, const HashedName& name);
    /// Takes an owner of its own. The parent's directory mutex is held, so nobody else inserts the same name.
    void insert(Dentry& entry, const HashedName& name);
    /// The name is gone from its directory: forgets the entry, which stays with those who have it. The directory mutex is held.
    enum class Forget : u8 { only, deleted };
    void forget(Dentry& entry, Forget how);
    /// What move() keeps of a name outside of the entry: made before the file system renames, after which nothing may fail.
    static Result<Text> memory_for(const HashedName& name);
    /// After a successful rename in the file system; both directory mutexes are held.
    void move(Dentry& entry, Dentry& new_parent, const HashedName& new_name, Text memory);
    /// Drops what nobody uses: everything, when a tree is taken down.
    void shrink();
    /// Entries that it may hold before it drops old ones.
    void set_limit(u32 entries) { limit_per_shard_ = entries / shard_count + 1; }

private:
    static constexpr unsigned shard_count = 16, buckets_per_shard = 64;
    struct Shard {
        Dentry* buckets[buckets_per_shard] = {};
        List<Dentry, &Dentry::age_link_> by_age;
        u32 count = 0;

        Dentry*& bucket(u64 hash) { return buckets[(hash >> 8) % buckets_per_shard]; }
        void remove(Dentry& entry);
        /// An entry to drop, in the hash no more and to be released outside of the lock; null when all are used.
        Dentry* take_unused(bool even_recent);
    };
    static u64 mix(const Dentry& parent, u64 name_hash) {
        u64 hash = (name_hash ^ (reinterpret_cast<u64>(&parent) >> 4)) * 0x9e37'79b9'7f4a'7c15;
        return hash ^ (hash >> 32);
    }
    Locked<Shard, sync::Spin>& shard_of(u64 hash) { return shards_[hash % shard_count]; }

    Locked<Shard, sync::Spin> shards_[shard_count];
    /// Apart from the rest, which is all zeros at first: so the kernel's image need not hold that.
    static inline constinit u32 limit_per_shard_ = 512;
};

DentryCache& dentry_cache();

}  // namespace spore::fs
