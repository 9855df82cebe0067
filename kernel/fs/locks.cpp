#include "kernel/fs/locks.hpp"

#include <algorithm>

namespace spore::fs {
namespace {

/// An owner that waits for another; on the waiting thread's stack.
struct Waiting {
    ListLink<Waiting> link;
    const void* owner;
    const void* blocked_by;
    const LockTable* table;
};
struct WaitGraph {
    List<Waiting, &Waiting::link> edges;

    /// Whether `from` waits, over others, for `to`.
    bool leads(const void* from, const void* to) const {
        for (unsigned steps = 0; steps < 64; ++steps) {
            if (from == to) return true;
            auto edge = std::ranges::find_if(edges, [&](const Waiting& waiting) { return waiting.owner == from; });
            if (edge == edges.end()) return false;
            from = edge->blocked_by;
        }
        return false;
    }
};
constinit Locked<WaitGraph, sync::Spin> wait_graph;

bool overlap(const LockRequest& a, const LockRequest& b) { return a.start < b.end && b.start < a.end; }

}  // namespace

LockTable::~LockTable() {
    while (auto* lock = locks_.pop_front()) Owned<Lock>(lock).reset();
}

const LockTable::Lock* LockTable::conflict(const LockRequest& request) const {
    if (request.kind == LockKind::none) return nullptr;
    for (auto& lock : locks_)
        if (lock.held.owner != request.owner && overlap(lock.held, request) &&
            (lock.held.kind == LockKind::exclusive || request.kind == LockKind::exclusive))
            return &lock;
    return nullptr;
}

Result<void> LockTable::set(const LockRequest& request, LockWait wait) {
    // A new lock, and the second half of one that is split: made before anything changes.
    auto first = TRY(make_owned<Lock>());
    auto second = TRY(make_owned<Lock>());
    Guard guard(mutex_);
    if (request.lets_go_first && std::ranges::any_of(locks_, [&](const Lock& lock) { return lock.held.owner == request.owner && lock.held.kind != request.kind; }))
        let_go(request.owner);
    while (auto* other = conflict(request)) {
        if (wait == LockWait::no) return fail(Error::would_block);
        Waiting waiting{.link = {}, .owner = request.owner, .blocked_by = other->held.owner, .table = this};
        bool deadlock = wait_graph.with([&](WaitGraph& graph) {
            if (request.detect_deadlock && graph.leads(waiting.blocked_by, request.owner)) return true;
            graph.edges.push_back(waiting);
            return false;
        });
        if (deadlock) return fail(Error::would_deadlock);
        auto waited = waiting_.wait(mutex_, sync::Interruptible::yes);
        wait_graph.with([&](WaitGraph& graph) {
            if (graph.edges.contains_any(waiting)) graph.edges.remove(waiting);
        });
        TRY(waited);
    }
    apply(request, first, second);
    wake_waiting();
    return {};
}

/// Who is woken waits for nobody before it has looked again: until then it is no part of a circle.
void LockTable::wake_waiting() {
    wait_graph.with([&](WaitGraph& graph) {
        for (auto* edge = graph.edges.first(); edge;) {
            auto* next = graph.edges.next(*edge);
            if (edge->table == this) graph.edges.remove(*edge);
            edge = next;
        }
    });
    waiting_.wake_all();
}

/// What a new lock goes before. An owner's locks stand together, in the order of the file, and owners in the order in which they came:
/// F_GETLK tells of the first that conflicts.
LockTable::Lock* LockTable::place_of(const LockRequest& request) {
    bool among_own = false;
    for (auto& lock : locks_) {
        bool own = lock.held.owner == request.owner;
        if (own ? lock.held.start > request.start : among_own) return &lock;
        among_own = own;
    }
    return nullptr;
}

/// Cuts the range out of what the owner holds, joins the new lock with its neighbours, and puts it in.
void LockTable::apply(const LockRequest& request, Owned<Lock>& first_spare, Owned<Lock>& second_spare) {
    auto merged = request;
    for (auto* lock = locks_.first(); lock;) {
        auto* next = locks_.next(*lock);
        auto& held = lock->held;
        bool touches = held.start <= request.end && request.start <= held.end;
        if (held.owner == request.owner && touches) {
            if (held.kind == request.kind) {
                merged.start = std::min(merged.start, held.start);
                merged.end = std::max(merged.end, held.end);
                locks_.remove(*lock);
                Owned<Lock>(lock).reset();
            } else if (overlap(held, request)) {
                bool left = held.start < request.start, right = held.end > request.end;
                if (left && right) {
                    auto* rest = second_spare.release();
                    rest->held = held;
                    rest->held.start = request.end;
                    locks_.insert_before(next, *rest);
                    held.end = request.start;
                } else if (left) {
                    held.end = request.start;
                } else if (right) {
                    held.start = request.end;
                } else {
                    locks_.remove(*lock);
                    Owned<Lock>(lock).reset();
                }
            }
        }
        lock = next;
    }
    if (request.kind == LockKind::none) return;
    auto* made = first_spare.release();
    made->held = merged;
    locks_.insert_before(place_of(merged), *made);
}

std::optional<LockRequest> LockTable::query(const LockRequest& request) {
    Guard guard(mutex_);
    if (auto* lock = conflict(request)) return lock->held;
    return std::nullopt;
}

void LockTable::release(const void* owner) {
    Guard guard(mutex_);
    let_go(owner);
}

void LockTable::let_go(const void* owner) {
    for (auto* lock = locks_.first(); lock;) {
        auto* next = locks_.next(*lock);
        if (lock->held.owner == owner) {
            locks_.remove(*lock);
            Owned<Lock>(lock).reset();
        }
        lock = next;
    }
    wake_waiting();
}

constinit Locked<FileLocks::All, sync::Spin> FileLocks::all_;

FileLocks::FileLocks(Inode& inode) : inode_(inode) {
    all_.with([this](All& all) { all.push_back(*this); });
}
FileLocks::~FileLocks() {
    all_.with([this](All& all) { all.remove(*this); });
}

Shared<Inode> FileLocks::next_locked(const Inode* before) {
    return all_.with([&](All& all) {
        auto* locks = before ? all.next(*before->locks.load(std::memory_order_acquire)) : all.first();
        // One whose last user has just left has not taken itself out yet.
        while (locks && !locks->inode_.try_retain()) locks = all.next(*locks);
        return locks ? Shared<Inode>::adopt(&locks->inode_) : Shared<Inode>();
    });
}

Result<FileLocks*> locks_of(Inode& inode) {
    if (auto* locks = inode.locks.load(std::memory_order_acquire)) return locks;
    auto made = TRY(make_owned<FileLocks>(inode));
    FileLocks* other = nullptr;
    if (!inode.locks.compare_exchange_strong(other, made.get(), std::memory_order_acq_rel)) return other;
    return made.release();
}

[[gnu::always_inline]] void release_locks(Inode& inode, const void* owner) {
    auto* locks = inode.locks.load(std::memory_order_acquire);
    if (!locks) return;
    locks->whole.release(owner);
    locks->ranges.release(owner);
}

}  // namespace spore::fs
