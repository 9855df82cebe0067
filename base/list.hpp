// An intrusive doubly linked list: insertion cannot fail, removal needs no search. An object is in as many lists at once as
// it has links. An empty list is all zeros, so it can be constant-initialised and copied.
//
//   struct Job { ListLink<Job> link; };
//   List<Job, &Job::link> jobs;
#pragma once

#include <cstddef>
#include <iterator>

namespace spore {

template <typename T>
struct ListLink {
    constexpr ListLink() = default;
    ListLink(const ListLink&) = delete;

    T* next = nullptr;
    T* previous = nullptr;
    bool linked = false;
};

template <typename T, ListLink<T> T::* Link>
class List {
public:
    constexpr List() = default;

    bool empty() const { return !first_; }
    T* first() const { return first_; }
    T* last() const { return last_; }
    static T* next(const T& item) { return (item.*Link).next; }
    static bool contains_any(const T& item) { return (item.*Link).linked; }

    void push_back(T& item) { insert_before(nullptr, item); }
    void push_front(T& item) { insert_before(first_, item); }
    /// Puts `item` before `position`, or at the end when that is null.
    void insert_before(T* position, T& item) {
        auto& link = item.*Link;
        link.linked = true;
        link.next = position;
        link.previous = position ? (position->*Link).previous : last_;
        (link.previous ? (link.previous->*Link).next : first_) = &item;
        (position ? (position->*Link).previous : last_) = &item;
    }
    void remove(T& item) {
        auto& link = item.*Link;
        (link.previous ? (link.previous->*Link).next : first_) = link.next;
        (link.next ? (link.next->*Link).previous : last_) = link.previous;
        link.next = link.previous = nullptr;
        link.linked = false;
    }
    /// Moves all of another list's items, in their order, to the end of this one.
    void append(List& other) {
        if (other.empty()) return;
        (last_ ? (last_->*Link).next : first_) = other.first_;
        (other.first_->*Link).previous = last_;
        last_ = other.last_;
        other.first_ = other.last_ = nullptr;
    }
    /// Takes the first item out; null when there is none.
    T* pop_front() {
        T* item = first_;
        if (item) remove(*item);
        return item;
    }

    class iterator {
    public:
        using difference_type = std::ptrdiff_t;
        using value_type = T;
        constexpr iterator() = default;
        explicit iterator(T* item) : item_(item) {}
        T& operator*() const { return *item_; }
        T* operator->() const { return item_; }
        iterator& operator++() { item_ = (item_->*Link).next; return *this; }
        iterator operator++(int) { auto before = *this; ++*this; return before; }
        friend bool operator==(iterator, iterator) = default;

    private:
        T* item_ = nullptr;
    };
    /// Do not remove the current item while iterating; take next() first.
    iterator begin() const { return iterator(first_); }
    iterator end() const { return iterator(); }

private:
    T* first_ = nullptr;
    T* last_ = nullptr;
};

}  // namespace spore
