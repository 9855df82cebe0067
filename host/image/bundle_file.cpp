#include "host/image/bundle_file.hpp"

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi/trace.hpp"
#include "wire/bundle.hpp"
#include "wire/manifest_writer.hpp"

namespace spore::host {

namespace {

void write_network(wire::ManifestWriter<std::vector<std::byte>>& writer, const Network& network) {
    if (!network.present()) return;
    abi::InterfaceRecord record{};
    auto method = network.automatic() ? abi::AddressMethod::automatic : abi::AddressMethod::fixed;
    record.method = static_cast<u8>(method);
    record.address_count = static_cast<u8>(network.addresses.size());
    record.mtu = network.mtu;
    if (network.gateway_v4) std::copy_n(network.gateway_v4->bytes.begin(), 16, record.gateway_v4);
    if (network.gateway_v6) std::copy_n(network.gateway_v6->bytes.begin(), 16, record.gateway_v6);
    std::string addresses;
    for (const auto& address : network.addresses) {
        abi::AddressRecord one{};
        std::copy_n(address.address.bytes.begin(), 16, one.address);
        one.prefix_length = static_cast<u8>(address.length + (address.address.is_v4() ? abi::v4_prefix_offset : 0));
        addresses.append(reinterpret_cast<const char*>(&one), sizeof one);
    }
    writer.record(abi::Tag::interface, bytes_of(record), addresses);
    for (const auto& server : network.name_servers) writer.record(abi::Tag::name_server, bytes_of(server.bytes));
}

/// Those beside the image.
void write_files(wire::ManifestWriter<std::vector<std::byte>>& writer, const Root& root) {
    for (const auto& [path, entry] : root.entries()) {
        if (!entry.beside) continue;
        abi::FileRecord record{};
        record.modified = static_cast<u64>(entry.modified_seconds);
        record.uid = entry.user, record.gid = entry.group;
        record.mode = static_cast<u16>(entry.mode);
        record.path_size = static_cast<u16>(path.size());
        writer.record(abi::Tag::file, bytes_of(record), path + entry.content);
    }
}

std::string bytes_of_groups(const User& user) {
    std::string bytes;
    for (u32 group : user.groups) {
        le32 number{};
        number = group;
        bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
    }
    return bytes;
}

abi::VolumeRecord record_of(const Volume& volume) {
    abi::VolumeRecord record{};
    record.naming = static_cast<u8>(volume.label.empty() ? abi::VolumeName::uuid : abi::VolumeName::label);
    record.read_only = volume.read_only;
    if (volume.label.empty()) std::ranges::copy(volume.uuid, record.name);
    else std::ranges::copy(volume.label, record.name);
    return record;
}

}  // namespace

std::vector<std::byte> make_manifest(const Plan& plan, const std::string& program, abi::RootSource source, const Root& root) {
    using abi::Tag;
    std::vector<std::byte> bytes;
    wire::ManifestWriter writer(bytes);
    writer.text(Tag::program, program);
    for (const auto& argument : plan.arguments) writer.text(Tag::argument, argument);
    for (const auto& entry : plan.environment) writer.text(Tag::environment, entry);
    writer.text(Tag::directory, plan.directory);
    writer.text(Tag::hostname, plan.host_name);
    write_network(writer, plan.network);
    write_files(writer, root);
    if (plan.user != User{}) {
        abi::UserRecord record{};
        record.uid = plan.user.uid, record.gid = plan.user.gid;
        writer.record(Tag::user, bytes_of(record), bytes_of_groups(plan.user));
    }
    for (const auto& limit : plan.limits) {
        abi::LimitRecord record{};
        record.resource = limit.resource, record.soft = limit.soft, record.hard = limit.hard;
        writer.record(Tag::limit, bytes_of(record));
    }
    if (!plan.cores.empty()) writer.text(Tag::core_pattern, std::string(core_pattern));
    if (plan.stop_signal != Plan{}.stop_signal) writer.number(Tag::stop_signal, plan.stop_signal);
    for (const auto& tmpfs : plan.tmpfs) {
        abi::TmpfsRecord record{};
        record.size = tmpfs.size, record.mode = static_cast<u16>(tmpfs.mode);
        writer.record(Tag::tmpfs, bytes_of(record), tmpfs.guest);
    }
    if (plan.read_only_root) writer.text(Tag::read_only, "/");
    for (const auto& volume : plan.volumes)
        if (volume.read_only && volume.kind != VolumeKind::disk) writer.text(Tag::read_only, volume.guest);
    for (const auto& volume : plan.volumes)
        if (volume.kind == VolumeKind::shared) writer.text(Tag::share, volume.guest);
    for (const auto& volume : plan.volumes)
        if (volume.kind == VolumeKind::disk) writer.record(Tag::volume, bytes_of(record_of(volume)), volume.guest);
    writer.number(Tag::mode, static_cast<u32>(plan.mode));
    writer.number(Tag::log_level, static_cast<u32>(plan.log_level));
    writer.number(Tag::root_source, static_cast<u32>(source));
    if (plan.trace) {
        abi::TraceRecord record{};
        record.points = plan.trace->points, record.events = plan.trace->events;
        writer.record(Tag::trace, bytes_of(record));
    }
    if (plan.timeline) writer.number(Tag::timeline, 1);
    if (plan.strace) writer.number(Tag::strace, 1);
    if (plan.fixed_addresses) writer.number(Tag::fixed_addresses, 1);
    writer.number(Tag::channel, static_cast<u32>(plan.standalone ? abi::ChannelKind::none : abi::ChannelKind::framed));
    if (plan.terminal) {
        struct winsize window{};
        if (::ioctl(STDIN_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_row == 0) window.ws_row = 24, window.ws_col = 80;
        abi::TerminalRecord record{};
        record.rows = window.ws_row;
        record.columns = window.ws_col;
        writer.record(Tag::terminal, bytes_of(record));
    }
    writer.finish();
    return bytes;
}

Outcome<FileDescriptor> make_bundle_file(const std::vector<std::byte>& manifest, const RootImage& root, RootPart part) {
    auto cannot = [] { return failure(ExitStatus::failed, "cannot make the bundle in memory: {}", error_text()); };
    FileDescriptor file(::memfd_create("spore-bundle", MFD_CLOEXEC));
    if (!file) return cannot();
    auto header = wire::make_bundle_header(manifest.size(), part == RootPart::none ? 0 : root.size);
    u64 end = header.root_offset + (part == RootPart::inside ? header.root_size : 0);
    if (::ftruncate(file.number(), static_cast<off_t>(align_up(end, page_size))) != 0) return cannot();
    auto write_at = [&](u64 offset, ByteSpan bytes) {
        return ::lseek(file.number(), static_cast<off_t>(offset), SEEK_SET) >= 0 && write_all(file.number(), bytes);
    };
    if (!write_at(0, bytes_of(header)) || !write_at(header.manifest_offset, manifest)) return cannot();
    if (part == RootPart::inside) {
        auto image = MappedFile::open(root.path);
        if (!image || image->bytes().size() != root.size) return failure(ExitStatus::bad_root, "the root image {} changed: run again", root.path.string());
        if (!write_at(header.root_offset, image->bytes())) return cannot();
    }
    return file;
}

}  // namespace spore::host
