// All objects of one kind, by number and by key.
#pragma once

#include <limits>

#include "base/list.hpp"
#include "base/locked.hpp"
#include "base/owned.hpp"
#include "kernel/linux/ipc/object.hpp"
#include "kernel/sync/spin.hpp"

namespace spore::linux::ipc {

/// T is a counted Object with a `link`, of which there are at most T::most(). The table is one of its owners, until it is removed.
template <typename T>
class Table {
public:
    /// The number of the object with this key, which `check` is to approve of under the table's lock, or of a new one from `make`.
    template <typename Check, typename Make>
    Result<i32> get(const Wanted& wanted, const Credentials& who, Check&& check, Make&& make) {
        Shared<T> made;
        while (true) {
            {
                Guard guard(lock_);
                if (T* found = with_key(wanted.key)) {
                    if (wanted.create && wanted.exclusive) return fail(Error::exists);
                    TRY(check(*found));
                    if (!found->allows(who, wanted.mode)) return fail(Error::access_denied);
                    return found->id;
                }
                if (!wanted.create) return fail(Error::not_found);
                if (made) return insert(std::move(made), wanted, who);
            }
            made = TRY(make());  // without the lock, since it may sleep; then looked for again
        }
    }
    /// invalid where there is none.
    Result<Shared<T>> find(i32 id) {
        Guard guard(lock_);
        T* found = with_id(id);
        if (!found) return fail(Error::invalid);
        return Shared<T>(*found);
    }
    /// The first that `suits` is true of, for `f` under the table's lock; whether there is one. Neither may sleep.
    template <typename Suits, typename F>
    bool with_first(Suits&& suits, F&& f) {
        Guard guard(lock_);
        for (auto& object : list_)
            if (suits(object)) return f(object), true;
        return false;
    }
    /// Nobody finds it from now on.
    void remove(T& object) {
        Shared<T> last;
        Guard guard(lock_);
        if (!object.link.linked) return;
        list_.remove(object), --count_;
        last = Shared<T>::adopt(&object);
    }
    /// All that `goes` is true of; it must not sleep.
    template <typename Goes>
    void remove_if(Goes&& goes) {
        List<T, &T::link> gone;
        {
            Guard guard(lock_);
            for (T* object = list_.first(); object;) {
                T* next = list_.next(*object);
                if (goes(*object)) list_.remove(*object), gone.push_back(*object), --count_;
                object = next;
            }
        }
        while (T* object = gone.pop_front()) (void)Shared<T>::adopt(object);
    }
    /// `f` must not sleep.
    template <typename F>
    void for_each(F&& f) {
        Guard guard(lock_);
        for (auto& object : list_) f(object);
    }

private:
    T* with_key(i32 key) {
        if (key != private_key)
            for (auto& object : list_)
                if (object.key == key) return &object;
        return nullptr;
    }
    T* with_id(i32 id) {
        for (auto& object : list_)
            if (object.id == id) return &object;
        return nullptr;
    }
    Result<i32> insert(Shared<T> made, const Wanted& wanted, const Credentials& who) {
        if (count_ >= T::most()) return fail(Error::no_space);
        // Numbers grow, so that all are free that were never given out.
        do {
            if (next_ == std::numeric_limits<i32>::max()) next_ = 0, wrapped_ = true;
            else ++next_;
        } while (wrapped_ && with_id(next_));
        made->id = next_, made->key = wanted.key, made->mode = wanted.mode;
        made->set_maker(who);
        ++count_;
        list_.push_back(*made.leak());
        return next_;
    }

    sync::Spin lock_;
    List<T, &T::link> list_;
    u32 count_ = 0;
    i32 next_ = 0;
    bool wrapped_ = false;
};

}  // namespace spore::linux::ipc
