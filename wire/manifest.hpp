// Reads abi/manifest.hpp: what to run and how. `Manifest::parse` checks every record, so that its accessors cannot fail.
#pragma once

#include <optional>
#include <string_view>

#include "abi/manifest.hpp"
#include "base/result.hpp"

namespace spore::wire {

/// A checked view on the bytes of a manifest.
class Manifest {
public:
    struct Terminal {
        u16 rows, columns;
    };
    struct Limit {
        u32 resource;
        u64 soft, hard;
    };
    struct User {
        u32 uid, gid;
        std::span<const le32> groups;
    };
    struct Trace {
        u32 points, events;
    };
    struct Volume {
        const abi::VolumeRecord& record;
        std::string_view path;
    };
    struct File {
        const abi::FileRecord& record;
        std::string_view path;
        ByteSpan content;
    };
    struct Tmpfs {
        const abi::TmpfsRecord& record;
        std::string_view path;
    };
    struct Interface {
        const abi::InterfaceRecord& record;
        std::span<const abi::AddressRecord> addresses;
    };

    /// `truncated`, `corrupt` (a record breaks the format, a value is unknown, no program is named), or `not_supported`
    /// (another version, or an unknown record that is marked as required).
    static Result<Manifest> parse(ByteSpan bytes);

    /// An absolute path; never empty.
    std::string_view program() const { return text(abi::Tag::program).value_or(""); }
    std::string_view directory() const { return text(abi::Tag::directory).value_or("/"); }
    std::string_view hostname() const { return text(abi::Tag::hostname).value_or("spore"); }
    abi::Mode mode() const { return static_cast<abi::Mode>(number(abi::Tag::mode).value_or(0)); }
    abi::LogLevel log_level() const {
        return static_cast<abi::LogLevel>(number(abi::Tag::log_level).value_or(u32(abi::LogLevel::warn)));
    }
    abi::RootSource root_source() const { return static_cast<abi::RootSource>(number(abi::Tag::root_source).value_or(0)); }
    abi::ChannelKind channel() const { return static_cast<abi::ChannelKind>(number(abi::Tag::channel).value_or(0)); }
    /// Empty: the kernel's own.
    std::string_view core_pattern() const { return text(abi::Tag::core_pattern).value_or(""); }
    bool fixed_addresses() const { return number(abi::Tag::fixed_addresses).value_or(0) != 0; }
    bool strace() const { return number(abi::Tag::strace).value_or(0) != 0; }
    /// Checked: points that there are, and a number of events within bounds.
    std::optional<Trace> trace() const;
    bool timeline() const { return number(abi::Tag::timeline).value_or(0) != 0; }
    /// SIGTERM, unless something else is wanted: numbers are the same on every Linux machine.
    u32 stop_signal() const { return number(abi::Tag::stop_signal).value_or(15); }
    std::optional<Terminal> terminal() const;
    std::optional<User> user() const;

    std::size_t argument_count() const { return count(abi::Tag::argument); }
    std::size_t environment_count() const { return count(abi::Tag::environment); }
    /// Each argument, argv[0] first.
    template <typename F>
    void for_each_argument(F&& visit) const { for_each_text(abi::Tag::argument, visit); }
    /// Each "KEY=value".
    template <typename F>
    void for_each_environment(F&& visit) const { for_each_text(abi::Tag::environment, visit); }
    /// Each absolute path.
    template <typename F>
    void for_each_read_only(F&& visit) const { for_each_text(abi::Tag::read_only, visit); }
    template <typename F>
    void for_each_share(F&& visit) const { for_each_text(abi::Tag::share, visit); }
    template <typename F>
    void for_each_volume(F&& visit) const {
        for_each([&](abi::Tag tag, ByteSpan payload) { if (tag == abi::Tag::volume) visit(to_volume(payload)); });
    }
    template <typename F>
    void for_each_tmpfs(F&& visit) const {
        for_each([&](abi::Tag tag, ByteSpan payload) {
            if (tag != abi::Tag::tmpfs) return;
            auto path = payload.subspan(sizeof(abi::TmpfsRecord));
            visit(Tmpfs{*view_at<abi::TmpfsRecord>(payload, 0), {reinterpret_cast<const char*>(path.data()), path.size()}});
        });
    }
    template <typename F>
    void for_each_file(F&& visit) const {
        for_each([&](abi::Tag tag, ByteSpan payload) { if (tag == abi::Tag::file) visit(to_file(payload)); });
    }
    template <typename F>
    void for_each_limit(F&& visit) const {
        for_each([&](abi::Tag tag, ByteSpan payload) { if (tag == abi::Tag::limit) visit(to_limit(payload)); });
    }
    template <typename F>
    void for_each_interface(F&& visit) const {
        for_each([&](abi::Tag tag, ByteSpan payload) { if (tag == abi::Tag::interface) visit(to_interface(payload)); });
    }
    /// Each as std::span<const u8, 16>.
    template <typename F>
    void for_each_name_server(F&& visit) const {
        for_each([&](abi::Tag tag, ByteSpan payload) {
            if (tag == abi::Tag::name_server) visit(std::span<const u8, 16>(reinterpret_cast<const u8*>(payload.data()), 16));
        });
    }
    std::string_view search_domain() const { return text(abi::Tag::search_domain).value_or(""); }
    /// Every record with its payload, known or not, in order.
    template <typename F>
    void for_each(F&& visit) const {
        for (u64 at = sizeof(abi::ManifestHeader); at < bytes_.size();) {
            auto* record = view_at<abi::RecordHeader>(bytes_, at);
            visit(static_cast<abi::Tag>(u16{record->tag}), bytes_.subspan(at + sizeof *record, record->size));
            at += sizeof *record + align_up(record->size, record_alignment);
        }
    }

    static constexpr u64 record_alignment = 8;

private:
    explicit Manifest(ByteSpan bytes) : bytes_(bytes) {}
    std::optional<ByteSpan> find(abi::Tag tag) const;
    std::optional<std::string_view> text(abi::Tag tag) const;
    std::optional<u32> number(abi::Tag tag) const;
    std::size_t count(abi::Tag tag) const;
    static Limit to_limit(ByteSpan payload);
    static Volume to_volume(ByteSpan payload) {
        auto& record = *view_at<abi::VolumeRecord>(payload, 0);
        auto path = payload.subspan(sizeof record);
        return {record, {reinterpret_cast<const char*>(path.data()), path.size()}};
    }
    static File to_file(ByteSpan payload) {
        auto& record = *view_at<abi::FileRecord>(payload, 0);
        auto rest = payload.subspan(sizeof record);
        return {record, {reinterpret_cast<const char*>(rest.data()), record.path_size}, rest.subspan(record.path_size)};
    }
    static Interface to_interface(ByteSpan payload) {
        auto& record = *view_at<abi::InterfaceRecord>(payload, 0);
        return {record, {reinterpret_cast<const abi::AddressRecord*>(payload.data() + sizeof record), record.address_count}};
    }
    template <typename F>
    void for_each_text(abi::Tag wanted, F&& visit) const {
        for_each([&](abi::Tag tag, ByteSpan payload) {
            if (tag == wanted) visit(std::string_view(reinterpret_cast<const char*>(payload.data()), payload.size()));
        });
    }

    ByteSpan bytes_;
};

}  // namespace spore::wire
