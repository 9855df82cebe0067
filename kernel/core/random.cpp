// Fast key erasure [Bernstein 2017, "Fast-key-erasure random-number generators"]: each request's first output replaces the key, so that what was given out
// cannot be computed from what is in memory afterwards.
#include "kernel/core/random.hpp"

#include <algorithm>
#include <atomic>

#include "arch/cpu.hpp"
#include "arch/entropy.hpp"
#include "base/locked.hpp"
#include "kernel/core/chacha20.hpp"
#include "kernel/core/per_cpu.hpp"

namespace spore::core {
namespace {

/// core stands below sync in the layering, so the pool has a lock of its own. Held for a few microseconds, interrupts off.
class PoolLock {
public:
    void lock() {
        while (held_.exchange(true, std::memory_order_acquire)) arch::relax();
    }
    void unlock() { held_.store(false, std::memory_order_release); }

private:
    std::atomic<bool> held_ = false;
};

struct Pool {
    ChaChaKey key = {};
    u32 absorbed = 0;

    /// key' = ChaCha20(key xor words): for whoever does not know the key, as unpredictable as key and words together.
    void absorb(const ChaChaKey& words) {
        for (std::size_t i = 0; i < key.size(); ++i) key[i] ^= words[i];
        auto block = chacha20_block(key, 0, {0, 0, ++absorbed});
        std::copy_n(block.begin(), key.size(), key.begin());
    }
    void absorb(ByteSpan bytes) {
        while (!bytes.empty()) {
            ChaChaKey words = {};
            std::size_t part = std::min(bytes.size(), sizeof(words));
            std::memcpy(words.data(), bytes.data(), part);
            absorb(words);
            bytes = bytes.subspan(part);
        }
    }
    /// A key for a generator. The pool's own moves on, so that one does not tell about another.
    ChaChaKey draw() {
        auto block = chacha20_block(key, 1);
        ChaChaKey drawn;
        std::copy_n(block.begin(), key.size(), key.begin());
        std::copy_n(block.begin() + 8, drawn.size(), drawn.begin());
        return drawn;
    }
};

constinit PoolLock pool_lock{};
constinit Pool pool;
constinit std::atomic<u32> epoch = 0;  ///< grows with every addition; 0 before the first

struct Generator {
    ChaChaKey key = {};
    u32 epoch = 0;
    u32 cpu = ~u32{0};   ///< whose this is: a new CPU's area may be a copy of another's
    u32 requests = 0;
};
PER_CPU(Generator, generators);

/// What this CPU can tell: its own random source, and how long things take to the cycle.
void seed_from_cpu() {
    for (int round = 0; round < 4; ++round) {
        ChaChaKey words = {};
        for (std::size_t i = 0; i < words.size(); i += 2) {
            u64 value = 0;
            if (auto random = arch::hardware_random()) value = *random;
            u64 jitter = arch::cycles() ^ std::rotl(arch::monotonic_nanoseconds(), 32);
            value ^= jitter * 0x9e37'79b9'7f4a'7c15;
            words[i] = static_cast<u32>(value), words[i + 1] = static_cast<u32>(value >> 32);
        }
        pool.absorb(words);
    }
}

void refresh(Generator& generator) {
    Guard guard(pool_lock);
    if (epoch.load(std::memory_order_relaxed) == 0) {
        seed_from_cpu();
        epoch.store(1, std::memory_order_relaxed);
    } else if (auto random = arch::hardware_random()) {
        pool.absorb(bytes_of(*random));
    }
    generator.key = pool.draw();
    generator.epoch = epoch.load(std::memory_order_relaxed);
    generator.cpu = arch::cpu_id();
    generator.requests = 0;
}

constexpr u32 requests_per_key = 4096;  // so that fresh hardware randomness gets in now and then

}  // namespace

void fill_random(MutableByteSpan out) {
    Generator& generator = *generators;
    if (generator.cpu != arch::cpu_id() || generator.epoch != epoch.load(std::memory_order_relaxed) || generator.epoch == 0 ||
        ++generator.requests >= requests_per_key)
        refresh(generator);

    ChaChaKey key = generator.key;
    auto block = chacha20_block(key, 0);
    std::copy_n(block.begin(), generator.key.size(), generator.key.begin());
    auto rest = std::as_bytes(std::span(block)).subspan(sizeof(ChaChaKey));
    for (u32 counter = 1;; ++counter) {
        std::size_t part = std::min(out.size(), rest.size());
        std::memcpy(out.data(), rest.data(), part);
        out = out.subspan(part);
        if (out.empty()) break;
        block = chacha20_block(key, counter);
        rest = std::as_bytes(std::span(block));
    }
    // The stack's copies must not outlive the request: a compiler may not leave these stores out.
    volatile u32* wiped = key.data();
    for (std::size_t i = 0; i < key.size(); ++i) wiped[i] = 0;
    wiped = block.data();
    for (std::size_t i = 0; i < block.size(); ++i) wiped[i] = 0;
}

u64 random_u64() {
    u64 value;
    fill_random(std::as_writable_bytes(std::span(&value, 1)));
    return value;
}

void add_entropy(ByteSpan bytes) {
    Guard guard(pool_lock);
    if (epoch.load(std::memory_order_relaxed) == 0) seed_from_cpu();
    pool.absorb(bytes);
    epoch.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace spore::core
