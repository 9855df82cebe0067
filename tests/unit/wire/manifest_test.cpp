#include "wire/manifest.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "abi/trace.hpp"
#include "wire/bundle.hpp"
#include "wire/manifest_writer.hpp"

namespace spore::wire {
namespace {

using abi::Tag;
using Bytes = std::vector<std::byte>;

Bytes sample() {
    Bytes bytes;
    ManifestWriter writer(bytes);
    writer.text(Tag::program, "/bin/echo");
    writer.text(Tag::argument, "echo");
    writer.text(Tag::argument, "");
    writer.text(Tag::argument, "hello world");
    writer.text(Tag::environment, "PATH=/bin");
    writer.number(Tag::mode, 1);
    writer.number(Tag::log_level, 3);
    writer.number(Tag::channel, 1);
    writer.text(Tag::read_only, "/data");
    writer.number(Tag::stop_signal, 3);
    writer.text(Tag::core_pattern, "/cores/%e");
    writer.finish();
    return bytes;
}

TEST(Manifest, ReadsWhatTheWriterWrites) {
    auto bytes = sample();
    auto manifest = Manifest::parse(bytes);
    ASSERT_TRUE(manifest);
    EXPECT_EQ(manifest->program(), "/bin/echo");
    EXPECT_EQ(manifest->directory(), "/");
    EXPECT_EQ(manifest->mode(), abi::Mode::guarded);
    EXPECT_EQ(manifest->log_level(), abi::LogLevel::info);
    EXPECT_EQ(manifest->root_source(), abi::RootSource::bundle);
    EXPECT_EQ(manifest->channel(), abi::ChannelKind::framed);
    EXPECT_EQ(manifest->terminal(), std::nullopt);
    EXPECT_EQ(manifest->stop_signal(), 3u);
    EXPECT_EQ(manifest->core_pattern(), "/cores/%e");
    std::vector<std::string> arguments, read_only;
    manifest->for_each_argument([&](std::string_view text) { arguments.emplace_back(text); });
    EXPECT_EQ(arguments, (std::vector<std::string>{"echo", "", "hello world"}));
    EXPECT_EQ(manifest->argument_count(), 3u);
    EXPECT_EQ(manifest->environment_count(), 1u);
    manifest->for_each_read_only([&](std::string_view path) { read_only.emplace_back(path); });
    EXPECT_EQ(read_only, std::vector<std::string>{"/data"});
}

TEST(Manifest, HasAUserWithGroups) {
    auto user_with = [](std::string_view groups) -> std::optional<Manifest::User> {
        static Bytes bytes;
        ManifestWriter writer(bytes);
        writer.text(Tag::program, "/bin/true");
        abi::UserRecord record{};
        record.uid = 7, record.gid = 8;
        writer.record(Tag::user, bytes_of(record), groups);
        writer.finish();
        auto manifest = Manifest::parse(bytes);
        return manifest ? manifest->user() : std::nullopt;
    };
    EXPECT_EQ(user_with("")->gid, 8u);
    EXPECT_TRUE(user_with("")->groups.empty());
    ASSERT_EQ(user_with(std::string_view("\5\0\0\0\6\0\0\0", 8))->groups.size(), 2u);
    EXPECT_EQ(user_with(std::string_view("\5\0\0\0\6\0\0\0", 8))->groups[1], 6u);
    EXPECT_FALSE(user_with("abc"));
    EXPECT_FALSE(user_with(std::string(4 * (abi::most_groups + 1), 'x')));
}

TEST(Manifest, HasFoldersInMemory) {
    auto manifest_with = [](u16 mode, std::string_view path) {
        static Bytes bytes;
        ManifestWriter writer(bytes);
        writer.text(Tag::program, "/bin/true");
        abi::TmpfsRecord record{};
        record.size = 4096, record.mode = mode;
        writer.record(Tag::tmpfs, bytes_of(record), path);
        writer.finish();
        return Manifest::parse(bytes);
    };
    auto manifest = manifest_with(01777, "/tmp");
    ASSERT_TRUE(manifest);
    manifest->for_each_tmpfs([&](const Manifest::Tmpfs& tmpfs) {
        EXPECT_EQ(tmpfs.path, "/tmp");
        EXPECT_EQ(u64{tmpfs.record.size}, 4096u);
    });
    EXPECT_FALSE(manifest_with(010000, "/tmp"));
    EXPECT_FALSE(manifest_with(01777, "tmp"));
    EXPECT_FALSE(manifest_with(01777, ""));
}

TEST(Manifest, BringsFiles) {
    auto manifest_with = [](u16 mode, u16 path_size, std::string_view rest) {
        static Bytes bytes;
        ManifestWriter writer(bytes);
        writer.text(Tag::program, "/bin/true");
        abi::FileRecord record{};
        record.mode = mode, record.path_size = path_size, record.uid = 7, record.modified = 5;
        writer.record(Tag::file, bytes_of(record), rest);
        writer.finish();
        return Manifest::parse(bytes);
    };
    auto manifest = manifest_with(0644, 6, std::string_view("/etc/x content\0", 15));
    ASSERT_TRUE(manifest);
    int files = 0;
    manifest->for_each_file([&](const Manifest::File& file) {
        ++files;
        EXPECT_EQ(file.path, "/etc/x");
        EXPECT_EQ(file.content.size(), 9u);
        EXPECT_EQ(static_cast<char>(file.content[0]), ' ');
        EXPECT_EQ(u32{file.record.uid}, 7u);
    });
    EXPECT_EQ(files, 1);
    EXPECT_TRUE(manifest_with(0644, 6, "/etc/x"));
    EXPECT_FALSE(manifest_with(0644, 7, "/etc/x"));
    EXPECT_FALSE(manifest_with(0644, 0, "/etc/x"));
    EXPECT_FALSE(manifest_with(0644, 5, "etc/x"));
    EXPECT_FALSE(manifest_with(010000, 6, "/etc/x"));
}

TEST(Manifest, TracesPointsThatThereAre) {
    auto traced = [](u32 points, u32 events) -> std::optional<Manifest::Trace> {
        Bytes bytes;
        ManifestWriter writer(bytes);
        writer.text(Tag::program, "/bin/true");
        abi::TraceRecord record{};
        record.points = points, record.events = events;
        writer.record(Tag::trace, bytes_of(record));
        writer.finish();
        auto manifest = Manifest::parse(bytes);
        return manifest ? manifest->trace() : std::nullopt;
    };
    EXPECT_EQ(traced(5, 4096)->points, 5u);
    EXPECT_EQ(traced(5, 4096)->events, 4096u);
    EXPECT_FALSE(traced(~u32{0}, 4096));
    EXPECT_FALSE(traced(5, abi::least_trace_events - 1));
    EXPECT_FALSE(traced(5, abi::most_trace_events + 1));
    EXPECT_FALSE(Manifest::parse(sample())->trace());
}

TEST(Manifest, RefusesEveryTruncation) {
    auto bytes = sample();
    for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(Manifest::parse(ByteSpan(bytes).first(size))) << size;
}

TEST(Manifest, SurvivesEveryDamagedByte) {
    auto bytes = sample();
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        auto damaged = bytes;
        damaged[at] ^= std::byte{0xff};
        if (auto manifest = Manifest::parse(damaged)) {
            manifest->for_each_read_only([](std::string_view path) { EXPECT_TRUE(path.starts_with('/')); });
            EXPECT_FALSE(manifest->program().empty());
        }
    }
}

Bytes with_interface(u8 method, u8 count, u8 prefix_length, std::size_t cut = 0) {
    Bytes bytes;
    ManifestWriter writer(bytes);
    writer.text(Tag::program, "/a");
    abi::InterfaceRecord record{};
    record.method = method;
    record.address_count = count;
    record.gateway_v6[15] = 2;
    abi::AddressRecord address{};
    address.address[15] = 7;
    address.prefix_length = prefix_length;
    std::string_view rest(reinterpret_cast<const char*>(&address), sizeof address);
    writer.record(Tag::interface, bytes_of(record), rest.substr(cut));
    writer.record(Tag::name_server, bytes_of(address.address));
    writer.finish();
    return bytes;
}

TEST(Manifest, TellsInterfacesAndNameServers) {
    auto bytes = with_interface(1, 1, 64);
    auto manifest = Manifest::parse(bytes);
    ASSERT_TRUE(manifest);
    unsigned interfaces = 0, servers = 0;
    manifest->for_each_interface([&](const Manifest::Interface& interface) {
        ++interfaces;
        EXPECT_EQ(interface.record.gateway_v6[15], 2);
        ASSERT_EQ(interface.addresses.size(), 1u);
        EXPECT_EQ(interface.addresses[0].address[15], 7);
        EXPECT_EQ(interface.addresses[0].prefix_length, 64);
    });
    manifest->for_each_name_server([&](std::span<const u8, 16> server) { servers += server[15]; });
    EXPECT_EQ(interfaces, 1u);
    EXPECT_EQ(servers, 7u);
}

TEST(Manifest, RefusesWrongInterfaces) {
    EXPECT_EQ(Manifest::parse(with_interface(3, 1, 64)).error(), Error::corrupt);
    EXPECT_EQ(Manifest::parse(with_interface(1, 2, 64)).error(), Error::corrupt);
    EXPECT_EQ(Manifest::parse(with_interface(1, 0, 64)).error(), Error::corrupt);
    EXPECT_EQ(Manifest::parse(with_interface(1, 1, 129)).error(), Error::corrupt);
    EXPECT_EQ(Manifest::parse(with_interface(1, 1, 64, 1)).error(), Error::corrupt);
}

TEST(Manifest, NeedsAProgram) {
    Bytes bytes;
    ManifestWriter writer(bytes);
    writer.text(Tag::argument, "echo");
    writer.finish();
    EXPECT_EQ(Manifest::parse(bytes).error(), Error::corrupt);
}

TEST(Manifest, RequiredRecordsMustBeKnown) {
    Bytes bytes;
    ManifestWriter writer(bytes);
    writer.text(Tag::program, "/a");
    auto at = bytes.size();
    writer.number(static_cast<Tag>(999), 1);
    writer.finish();
    EXPECT_EQ(Manifest::parse(bytes).error(), Error::not_supported);
    bytes[at + 2] = std::byte{0};
    EXPECT_TRUE(Manifest::parse(bytes));
}

TEST(Manifest, ValuesAreChecked) {
    auto reject = [](Tag tag, std::string_view text) {
        Bytes bytes;
        ManifestWriter writer(bytes);
        writer.text(Tag::program, "/a");
        writer.text(tag, text);
        writer.finish();
        return !Manifest::parse(bytes);
    };
    EXPECT_TRUE(reject(Tag::directory, "relative"));
    EXPECT_TRUE(reject(Tag::environment, "NOVALUE"));
    EXPECT_TRUE(reject(Tag::argument, std::string_view("a\0b", 3)));
    EXPECT_TRUE(reject(Tag::mode, "four"));
    EXPECT_TRUE(reject(Tag::mode, "five!"));
    EXPECT_TRUE(reject(Tag::read_only, "relative"));
    EXPECT_TRUE(reject(Tag::terminal, "short"));
}

Bytes bundle_of(const Bytes& manifest, u64 root_size) {
    auto header = make_bundle_header(manifest.size(), root_size);
    Bytes bytes(align_up(header.root_offset + root_size, 4096));
    std::memcpy(bytes.data(), &header, sizeof header);
    std::memcpy(bytes.data() + header.manifest_offset, manifest.data(), manifest.size());
    return bytes;
}

TEST(Bundle, HandsOutItsParts) {
    auto bytes = bundle_of(sample(), 5000);
    auto bundle = Bundle::parse(bytes);
    ASSERT_TRUE(bundle);
    EXPECT_TRUE(Manifest::parse(bundle->manifest));
    EXPECT_EQ(bundle->root.size(), 5000u);
    EXPECT_TRUE(is_aligned(u64(bundle->root.data() - bytes.data()), 4096));
    auto without = bundle_of(sample(), 0);
    EXPECT_TRUE(Bundle::parse(without)->root.empty());
}

TEST(Bundle, RefusesImpossibleParts) {
    auto bytes = bundle_of(sample(), 5000);
    auto damaged = [&](std::size_t field, u64 value) {
        auto copy = bytes;
        le64 wire{};
        wire = value;
        std::memcpy(copy.data() + field, &wire, sizeof wire);
        return Bundle::parse(copy);
    };
    EXPECT_EQ(Bundle::parse({}).error(), Error::truncated);
    EXPECT_EQ(damaged(0, 1).error(), Error::corrupt);
    EXPECT_EQ(damaged(8, 2).error(), Error::not_supported);
    EXPECT_EQ(damaged(16, 0).error(), Error::corrupt);
    EXPECT_EQ(damaged(16, u64(-4096)).error(), Error::truncated);
    EXPECT_EQ(damaged(24, u64(-1)).error(), Error::truncated);
    EXPECT_EQ(damaged(24, 4097).error(), Error::corrupt) << "manifest and root overlap";
    EXPECT_EQ(damaged(32, 8193).error(), Error::corrupt);
    EXPECT_EQ(damaged(40, 50000).error(), Error::truncated);
}

}  // namespace
}  // namespace spore::wire
