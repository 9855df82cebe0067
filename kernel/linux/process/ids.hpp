// Numbers for processes and tasks, and finding either by its number. Guarded by the process tree's lock (process.hpp).
#pragma once

#include "base/list.hpp"
#include "base/types.hpp"

namespace spore::linux {

/// A hash table from number to object; T has id() and the link.
template <typename T, ListLink<T> T::* Link>
class IdTable {
public:
    void insert(T& item) { bucket(item.id()).push_back(item); }
    void remove(T& item) { bucket(item.id()).remove(item); }
    T* find(i32 id) const {
        for (auto& item : buckets_[static_cast<u32>(id) % bucket_count])
            if (item.id() == id) return &item;
        return nullptr;
    }
    /// Visits all until `visit` returns false.
    template <typename F>
    void for_each(F&& visit) const {
        for (auto& bucket : buckets_)
            for (T* item = bucket.first(); item;) {
                T* following = bucket.next(*item);
                if (!visit(*item)) return;
                item = following;
            }
    }
    /// The object with the lowest number at or above `from`.
    T* next(i32 from) const {
        T* best = nullptr;
        for_each([&](T& item) {
            if (item.id() >= from && (!best || item.id() < best->id())) best = &item;
            return true;
        });
        return best;
    }

private:
    static constexpr u32 bucket_count = 64;
    auto& bucket(i32 id) { return buckets_[static_cast<u32>(id) % bucket_count]; }
    List<T, Link> buckets_[bucket_count];
};

/// Objects by the group that they are in: who asks about a group looks at its members, and at those of the few that share their bucket. T has `group`
/// and the link.
template <typename T, ListLink<T> T::* Link>
class GroupTable {
public:
    /// From now on `item` is in `group`, and in no other.
    void put(T& item, i32 group) {
        if ((item.*Link).linked) remove(item);
        item.group = group;
        bucket(group).push_back(item);
    }
    void remove(T& item) { bucket(item.group).remove(item); }
    /// Visits the members of `group` until `visit` returns false.
    template <typename F>
    void for_each(i32 group, F&& visit) const {
        for (auto& item : buckets_[static_cast<u32>(group) % bucket_count])
            if (item.group == group && !visit(item)) return;
    }

private:
    static constexpr u32 bucket_count = 64;
    auto& bucket(i32 group) { return buckets_[static_cast<u32>(group) % bucket_count]; }
    List<T, Link> buckets_[bucket_count];
};

}  // namespace spore::linux
