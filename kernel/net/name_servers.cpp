#include "kernel/net/name_servers.hpp"

#include <algorithm>

#include "base/locked.hpp"
#include "kernel/net/start.hpp"
#include "kernel/sync/spin.hpp"
#include "kernel/time/timer.hpp"

namespace spore::net {

namespace {

/// One source's word.
struct Word {
    u32 interface = 0;
    Route::Origin origin{};  // all zeros, so that the image need not hold the list
    Resolver told;
    Instant valid_until{};

    bool empty() const { return told.count == 0 && !told.search[0]; }
};
/// More interfaces than that with name servers of their own have nothing to add.
constexpr u32 max_words = 8;
struct Words {
    Word list[max_words];
    u32 count = 0;
};
constinit Locked<Words, sync::Spin> words;

void add(Resolver& all, const Resolver& more) {
    for (auto& server : std::span(more.servers).first(more.count)) {
        bool known = std::find(all.servers, all.servers + all.count, server) != all.servers + all.count;
        if (!known && all.count < Resolver::limit) all.servers[all.count++] = server;
    }
    if (!all.search[0]) std::copy(std::begin(more.search), std::end(more.search), all.search);
}

}  // namespace

void name_servers::set(u32 interface, Route::Origin origin, std::span<const IpAddress> servers, std::string_view search, Instant valid_until) {
    Word word{interface, origin, {}, valid_until};
    word.told.count = static_cast<u32>(std::min<std::size_t>(servers.size(), Resolver::limit));
    std::copy_n(servers.begin(), word.told.count, word.told.servers);
    search.copy(word.told.search, sizeof word.told.search - 1);
    words.with([&](Words& w) {
        auto* at = std::find_if(w.list, w.list + w.count, [&](auto& one) { return one.interface == interface && one.origin == origin; });
        if (at == w.list + w.count) {
            if (word.empty() || w.count == max_words) return;
            ++w.count;
        }
        *at = word;
    });
}

Resolver resolver() {
    Resolver all;
    auto now = time::now();
    words.with([&](const Words& w) {
        for (auto& word : std::span(w.list).first(w.count))
            if (word.valid_until > now) add(all, word.told);
    });
    return all;
}

void name_servers::forget() {
    words.with([](Words& w) { w = {}; });
}

}  // namespace spore::net
