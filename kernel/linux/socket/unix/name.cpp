#include "kernel/linux/socket/unix/name.hpp"

#include "base/format.hpp"
#include "kernel/linux/process/caller.hpp"

namespace spore::linux {

namespace {

constexpr u32 path_at = 2;        // sun_path
constexpr u32 longest = 2 + 108;  // struct sockaddr_un
constexpr unsigned bucket_count = 64;

/// Names in use: abstract ones by their bytes, paths by their file's inode.
struct Table {
    List<UnixName, &UnixName::table_link> buckets[bucket_count];
    u32 next_automatic = 0;

    static u64 hash(ByteSpan bytes) {
        u64 hash = 14695981039346656037u;  // FNV-1a
        for (auto byte : bytes) hash = (hash ^ static_cast<u64>(byte)) * 1099511628211u;
        return hash;
    }
    auto& of(const SocketAddress& address) { return buckets[hash(address.view()) % bucket_count]; }
    auto& of(const fs::Inode& inode) { return buckets[hash(bytes_of(&inode)) % bucket_count]; }
    auto& of(const UnixName& name) { return name.entry() ? of(*name.entry()->inode()) : of(name.address()); }

    /// Abstract names of different types do not meet.
    UnixName* find(const SocketAddress& address, u16 type) {
        for (auto& name : of(address))
            if (!name.entry() && name.type() == type && std::ranges::equal(name.address().view(), address.view())) return &name;
        return nullptr;
    }
    UnixName* find(const fs::Inode& inode) {
        for (auto& name : of(inode))
            if (name.entry() && name.entry()->inode() == &inode) return &name;
        return nullptr;
    }
};
constinit Locked<Table, sync::Mutex> table;

bool is_abstract(const SocketAddress& address) { return address.bytes[path_at] == std::byte{0}; }

Result<void> check(const SocketAddress& address) {
    if (address.size <= path_at || address.size > longest || address.family() != family_unix) return fail(Error::invalid);
    return {};
}
std::string_view path_of(const SocketAddress& address) {
    auto* text = reinterpret_cast<const char*>(address.bytes) + path_at;
    return {text, strnlen(text, address.size - path_at)};
}

/// The address of a path, as getsockname tells it: with its zero.
SocketAddress with_zero(const SocketAddress& address) {
    SocketAddress result = address;
    result.size = path_at + static_cast<u32>(path_of(address).size()) + 1;
    result.bytes[result.size - 1] = std::byte{0};
    return result;
}

Result<Shared<UnixName>> bind_automatic(u16 type) {
    // Five hexadecimal digits, as Linux gives them out.
    for (u32 tries = 0; tries <= 0xfffff; ++tries) {
        auto number = table.with([](Table& t) { return t.next_automatic++ & 0xfffff; });
        SocketAddress address;
        const u16 family = family_unix;
        std::memcpy(address.bytes, &family, sizeof family);
        address.bytes[path_at] = std::byte{0};
        for (unsigned i = 0; i < 5; ++i) address.bytes[path_at + 1 + i] = static_cast<std::byte>("0123456789abcdef"[number >> (4 * (4 - i)) & 0xf]);
        address.size = path_at + 6;
        auto name = bind_unix_name(address, type);
        if (name || name.error() != Error::address_in_use) return name;
    }
    return fail(Error::no_space);
}

}  // namespace

Result<Shared<UnixName>> bind_unix_name(const SocketAddress& address, u16 type) {
    if (address.size == path_at && address.family() == family_unix) return bind_automatic(type);
    TRY(check(address));
    if (is_abstract(address)) {
        auto name = TRY(make_shared<UnixName>(address, type, nullptr));
        return table.with([&](Table& t) -> Result<Shared<UnixName>> {
            if (t.find(address, type)) return fail(Error::address_in_use);
            t.of(address).push_back(*name);
            return name;
        });
    }
    auto& task = current_task();
    Caller caller(task);
    auto at = TRY(caller.start(task, {DirectoryDescriptor::current}, path_of(address)));
    auto made = fs::make_node(caller, *at, path_of(address), fs::FileType::socket, static_cast<u16>(0777 & ~caller.context().umask), 0);
    if (!made) return fail(made.error() == Error::exists ? Error::address_in_use : made.error());
    auto entry = TRY(fs::resolve(caller, *at, path_of(address), fs::Follow::no));
    auto name = TRY(make_shared<UnixName>(with_zero(address), type, std::move(entry)));
    table.with([&](Table& t) { t.of(*name).push_back(*name); });
    return name;
}

Result<Shared<UnixName>> find_unix_name(const SocketAddress& address, u16 type) {
    TRY(check(address));
    Shared<UnixName> name;
    if (is_abstract(address)) {
        name = table.with([&](Table& t) {
            auto* found = t.find(address, type);
            return found && found->try_retain() ? Shared<UnixName>::adopt(found) : nullptr;
        });
    } else {
        auto& task = current_task();
        Caller caller(task);
        auto at = TRY(caller.start(task, {DirectoryDescriptor::current}, path_of(address)));
        auto entry = TRY(fs::resolve(caller, *at, path_of(address), fs::Follow::yes));
        if (entry->inode()->type() != fs::FileType::socket) return fail(Error::connection_refused);
        constexpr u8 may_write = 2;
        TRY(fs::check_access(caller, *entry, may_write));
        name = table.with([&](Table& t) {
            auto* found = t.find(*entry->inode());
            return found && found->try_retain() ? Shared<UnixName>::adopt(found) : nullptr;
        });
    }
    if (!name) return fail(Error::connection_refused);
    if (name->type() != type) return fail(Error::wrong_protocol_type);
    return name;
}

bool is_named(const UnixName& name, const SocketAddress& address) {
    if (!check(address)) return false;
    auto same = is_abstract(address) ? address : with_zero(address);
    return std::ranges::equal(name.address().view(), same.view());
}

void release_unix_name(UnixName& name) {
    table.with([&](Table& t) {
        if (name.table_link.linked) t.of(name).remove(name);
    });
    name.set({});
}

}  // namespace spore::linux
