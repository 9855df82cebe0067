#include "kernel/fs/locks.hpp"

#include "kernel/fs/tmpfs/file_system.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/fakes/threads.hpp"
#include "tree_fixture.hpp"

namespace spore::fs::test {
namespace {

constexpr auto shared = LockKind::shared, exclusive = LockKind::exclusive, none = LockKind::none;
const char owners[2] = {};
const void* const a = &owners[0];
const void* const b = &owners[1];

Result<void> set(LockTable& table, const void* owner, LockKind kind, u64 start = 0, u64 end = lock_to_end, LockWait wait = LockWait::no) {
    return table.set({.owner = owner, .kind = kind, .start = start, .end = end, .detect_deadlock = true}, wait);
}

TEST(Locks, ShareAndExclude) {
    LockTable table;
    EXPECT_TRUE(set(table, a, shared));
    EXPECT_TRUE(set(table, b, shared));
    EXPECT_EQ(error_of(set(table, a, exclusive)), Error::would_block);
    EXPECT_TRUE(set(table, b, none));
    EXPECT_TRUE(set(table, a, exclusive));
    EXPECT_EQ(error_of(set(table, b, shared)), Error::would_block);
    table.release(a);
    EXPECT_TRUE(set(table, b, exclusive));
}

TEST(Locks, SplitAndJoinRanges) {
    LockTable table;
    EXPECT_TRUE(set(table, a, exclusive, 0, 100));
    EXPECT_TRUE(set(table, a, none, 40, 60));
    EXPECT_TRUE(set(table, b, exclusive, 40, 60));
    EXPECT_EQ(error_of(set(table, b, shared, 39, 40)), Error::would_block);
    EXPECT_EQ(error_of(set(table, b, shared, 60, 61)), Error::would_block);
    auto found = table.query({.owner = b, .kind = exclusive});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->owner, a);
    EXPECT_TRUE(set(table, b, none));
    EXPECT_TRUE(set(table, a, exclusive, 40, 60));
    found = table.query({.owner = b, .kind = exclusive});
    EXPECT_EQ(found->start, 0u);
    EXPECT_EQ(found->end, 100u);
    EXPECT_TRUE(set(table, a, shared, 50, lock_to_end));
    EXPECT_TRUE(set(table, b, shared, 70, 80));
    EXPECT_FALSE(table.query({.owner = b, .kind = shared, .start = 50}));
}

/// `a` has the first byte; `b` has the second, and waits for the first while `act` runs.
template <typename Act>
void while_one_waits(Act&& act) {
    bool ok = fakes::simulate({}, [&] {
        LockTable table;
        fakes::Join join;
        ASSERT_TRUE(set(table, a, exclusive, 0, 1));
        ASSERT_TRUE(set(table, b, exclusive, 1, 2));
        fakes::spawn(join, [&] {
            EXPECT_TRUE(set(table, b, exclusive, 0, 1, LockWait::yes));
            table.release(b);
        });
        task::yield();
        act(table);
        table.release(a);
        join.wait();
        EXPECT_FALSE(table.query({.owner = nullptr, .kind = exclusive}));
    });
    EXPECT_TRUE(ok);
}

TEST(Locks, WaitAndSeeDeadlocks) {
    while_one_waits([](LockTable& table) {
        auto result = set(table, a, exclusive, 1, 2, LockWait::yes);
        if (!result) EXPECT_EQ(result.error(), Error::would_deadlock);
    });
}

TEST(Locks, WhoIsWokenIsInNoCircle) {
    while_one_waits([](LockTable& table) {
        EXPECT_TRUE(set(table, a, none, 0, 1));  // for which b waits until it runs again
        EXPECT_TRUE(set(table, a, exclusive, 1, 2, LockWait::yes));
    });
}

TEST(Locks, OfWholeFilesAreGivenUpForAnotherKind) {
    LockTable table;
    auto flock = [&](const void* owner, LockKind kind) { return table.set({.owner = owner, .kind = kind, .lets_go_first = true}, LockWait::no); };
    EXPECT_TRUE(flock(a, shared));
    EXPECT_TRUE(flock(b, shared));
    EXPECT_TRUE(flock(b, shared));
    EXPECT_EQ(error_of(flock(a, exclusive)), Error::would_block);
    EXPECT_TRUE(flock(b, exclusive));
    EXPECT_EQ(error_of(flock(a, shared)), Error::would_block);
}

TEST(Locks, GoWithTheirFile) {
    Tree tree(*tmpfs::TmpFileSystem::create(1_MiB, 0777));
    auto one = *tree.create("f");
    auto other = *tree.create("f");
    auto* locks = *locks_of(*one->inode());
    EXPECT_TRUE(set(locks->whole, one.get(), exclusive));
    EXPECT_EQ(error_of(set(locks->whole, other.get(), shared)), Error::would_block);
    one.reset();
    EXPECT_TRUE(set(locks->whole, other.get(), shared));
}

}  // namespace
}  // namespace spore::fs::test
