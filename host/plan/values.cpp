// The small values in arguments and spore.toml: names, sizes, durations, volumes, users, limits.
#include <sys/resource.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

#include "host/check/call_table.hpp"
#include "host/common/letters.hpp"
#include "host/common/signals.hpp"
#include "host/plan/disk.hpp"
#include "host/plan/parts.hpp"
#include "host/plan/plan.hpp"

namespace spore::host {

namespace {

template <typename T>
struct Named {
    std::string_view name;
    T value;
};
constexpr Named<Platform> platforms[] = {{"qemu", Platform::qemu}, {"linuxu", Platform::linuxu}};
constexpr Named<Machine> machines[] = {{"microvm", Machine::microvm}, {"q35", Machine::q35}, {"pc", Machine::pc}, {"virt", Machine::virt}};
constexpr Named<Architecture> architectures[] = {{"x86_64", Architecture::x86_64}, {"arm64", Architecture::arm64}};
constexpr Named<Bus> buses[] = {{"mmio", Bus::mmio}, {"pci", Bus::pci}};
constexpr Named<Gic> gics[] = {{"2", Gic::v2}, {"3", Gic::v3}};
constexpr Named<Firmware> firmwares[] = {{"none", Firmware::none}, {"uefi", Firmware::uefi}};
constexpr Named<RootPlace> root_places[] = {{"memory", RootPlace::memory}, {"disk", RootPlace::disk}};
constexpr Named<Disk> disks[] = {{"virtio", Disk::virtio}, {"nvme", Disk::nvme}, {"ahci", Disk::ahci}, {"pvscsi", Disk::pvscsi}, {"virtio-scsi", Disk::virtio_scsi}};
constexpr Named<Accelerator> accelerators[] = {{"auto", Accelerator::automatic}, {"kvm", Accelerator::kvm}, {"tcg", Accelerator::tcg}};
constexpr Named<abi::Mode> modes[] = {{"fused", abi::Mode::fused}, {"guarded", abi::Mode::guarded}};
constexpr Named<abi::LogLevel> levels[] = {{"off", abi::LogLevel::off}, {"error", abi::LogLevel::error},
                            {"warn", abi::LogLevel::warn}, {"info", abi::LogLevel::info},
                            {"debug", abi::LogLevel::debug}, {"trace", abi::LogLevel::trace}};

constexpr Named<Nic> nics[] = {{"virtio", Nic::virtio}, {"e1000", Nic::e1000}, {"e1000e", Nic::e1000e}, {"vmxnet3", Nic::vmxnet3}, {"ena", Nic::ena}, {"virtio or gve", Nic::virtio_or_gve}};

// As bash's ulimit and Docker call them, without those that the kernel has no use for.
constexpr Named<u32> limit_names[] = {{"as", RLIMIT_AS}, {"core", RLIMIT_CORE}, {"cpu", RLIMIT_CPU}, {"data", RLIMIT_DATA}, {"fsize", RLIMIT_FSIZE}, {"nofile", RLIMIT_NOFILE},
                                      {"nproc", RLIMIT_NPROC}, {"sigpending", RLIMIT_SIGPENDING}, {"stack", RLIMIT_STACK}};

std::string_view find_name(const auto& table, auto value) {
    for (const auto& entry : table)
        if (entry.value == value) return entry.name;
    return "?";
}
auto find_value(const auto& table, std::string_view name) -> std::optional<std::remove_cvref_t<decltype(table[0].value)>> {
    for (const auto& entry : table)
        if (entry.name == name) return entry.value;
    return std::nullopt;
}

/// What containers' folders in memory are told, and a machine's need not be.
constexpr std::string_view tmpfs_words[] = {"rw", "exec", "noexec", "suid", "nosuid", "dev", "nodev", "rprivate", "private", "relatime", "noatime", "nr_inodes", "uid", "gid", "tmpcopyup", "strictatime"};

/// As useradd(8) lets them be.
bool is_user_name(std::string_view text) {
    auto letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; };
    return !text.empty() && letter(text[0]) && std::ranges::all_of(text, [&](char c) { return letter(c) || std::isdigit(static_cast<unsigned char>(c)) || c == '-' || c == '.'; });
}

std::optional<u64> parse_limit_value(std::string_view text) {
    if (text == "unlimited" || text == "-1") return RLIM_INFINITY;
    u64 number = 0;
    auto [end, error] = std::from_chars(text.begin(), text.end(), number);
    return error == std::errc{} && end == text.end() ? std::optional(number) : std::nullopt;
}

}  // namespace

std::string_view name_of(Platform platform) { return find_name(platforms, platform); }
std::string_view name_of(Machine machine) { return find_name(machines, machine); }
std::string_view name_of(Accelerator accelerator) { return find_name(accelerators, accelerator); }
std::string_view name_of(RootPlace place) { return find_name(root_places, place); }
std::string_view name_of(Disk disk) { return find_name(disks, disk); }
std::string_view name_of(Bus bus) { return find_name(buses, bus); }
std::string_view name_of(Gic gic) { return find_name(gics, gic); }
std::string_view name_of(Firmware firmware) { return find_name(firmwares, firmware); }
std::string_view name_of(abi::Mode mode) { return find_name(modes, mode); }
std::string_view name_of(abi::LogLevel level) { return find_name(levels, level); }
template <> std::optional<Platform> from_name(std::string_view name) { return find_value(platforms, name); }
template <> std::optional<Machine> from_name(std::string_view name) { return find_value(machines, name); }
template <> std::optional<Architecture> from_name(std::string_view name) { return find_value(architectures, name); }
template <> std::optional<Bus> from_name(std::string_view name) { return find_value(buses, name); }
template <> std::optional<RootPlace> from_name(std::string_view name) { return find_value(root_places, name); }
template <> std::optional<Disk> from_name(std::string_view name) { return find_value(disks, name); }
template <> std::optional<Gic> from_name(std::string_view name) { return find_value(gics, name); }
template <> std::optional<Firmware> from_name(std::string_view name) { return find_value(firmwares, name); }
template <> std::optional<Accelerator> from_name(std::string_view name) { return find_value(accelerators, name); }
template <> std::optional<abi::Mode> from_name(std::string_view name) { return find_value(modes, name); }
std::string_view name_of(Nic nic) { return find_name(nics, nic); }
template <> std::optional<Nic> from_name(std::string_view name) {
    auto nic = find_value(nics, name);
    return nic == Nic::ena || nic == Nic::virtio_or_gve ? std::nullopt : nic;
}
template <> std::optional<abi::LogLevel> from_name(std::string_view name) { return find_value(levels, name); }

std::optional<u64> parse_size(std::string_view text) {
    u64 number = 0;
    auto [end, error] = std::from_chars(text.begin(), text.end(), number);
    if (error != std::errc{} || end == text.begin()) return std::nullopt;
    std::string_view unit(end, text.end());
    if (unit.ends_with("iB")) unit.remove_suffix(2);
    else if (unit.size() > 1 && unit.ends_with('B')) unit.remove_suffix(1);
    unsigned shift = 0;
    if (unit == "K" || unit == "k") shift = 10;
    else if (unit == "M" || unit == "m") shift = 20;
    else if (unit == "G" || unit == "g") shift = 30;
    else if (unit == "T" || unit == "t") shift = 40;
    else if (!unit.empty() && unit != "B" && unit != "b") return std::nullopt;
    if (number > (u64{1} << 62) >> shift) return std::nullopt;
    return number << shift;
}

std::optional<std::chrono::milliseconds> parse_seconds(std::string_view text) {
    if (text.ends_with('s')) text.remove_suffix(1);
    std::string copy(text);
    char* end = nullptr;
    double seconds = std::strtod(copy.c_str(), &end);
    if (copy.empty() || *end != '\0' || !std::isfinite(seconds) || seconds <= 0 || seconds > 1e9) return std::nullopt;
    return std::chrono::milliseconds(static_cast<i64>(std::ceil(seconds * 1000)));
}

std::string Volume::text() const {
    const char* form = kind == VolumeKind::shared ? ":shared" : kind == VolumeKind::disk ? ":disk" : "";
    return fmt::format("{}:{}{}{}", label.empty() ? host.string() : "LABEL=" + label, guest, form, read_only ? ":ro" : "");
}

Outcome<Volume> parse_volume(std::string_view text, const fs::path& base) {
    Volume volume;
    std::string_view rest = text;
    while (true) {
        if (rest.ends_with(":ro")) volume.read_only = true, rest.remove_suffix(3);
        else if (rest.ends_with(":rw")) rest.remove_suffix(3);
        else if (rest.ends_with(":shared")) volume.kind = VolumeKind::shared, rest.remove_suffix(7);
        else if (rest.ends_with(":disk")) volume.kind = VolumeKind::disk, rest.remove_suffix(5);
        else break;
    }
    auto colon = rest.find(':');
    if (colon == std::string_view::npos || colon == 0 || rest.substr(colon + 1).find(':') != std::string_view::npos)
        return failure(ExitStatus::bad_root, "volume '{}': write it as HOST:GUEST, with :ro, and :shared or :disk, behind it", text);
    volume.guest = fs::path(rest.substr(colon + 1)).lexically_normal();
    if (!volume.guest.starts_with('/'))
        return failure(ExitStatus::bad_root, "volume '{}': the path in the guest must be absolute, such as /{}", text, volume.guest);
    constexpr std::string_view by_label = "LABEL=";
    if (auto host = rest.substr(0, colon); volume.kind == VolumeKind::disk && host.starts_with(by_label)) {
        volume.label = host.substr(by_label.size());
        if (volume.label.empty() || volume.label.size() > sizeof(abi::VolumeRecord::name))
            return failure(ExitStatus::bad_root, "volume '{}': a label has 1 to {} bytes, such as LABEL=data", text, sizeof(abi::VolumeRecord::name));
        return volume;
    } else {
        volume.host = (base / fs::path(host)).lexically_normal();
    }
    std::error_code error;
    bool there = fs::exists(volume.host, error);
    if (error) return failure(ExitStatus::bad_root, "volume '{}': cannot look at {}: {}", text, volume.host.string(), error.message());
    if (!there && volume.kind == VolumeKind::disk)
        return failure(ExitStatus::bad_root, "volume '{}': there is no {} on this machine: make it, of 1 GiB for example, with 'mke2fs -q -t ext4 -b 4096 {} 1G'", text,
                       volume.host.string(), volume.host.string());
    if (!there) return failure(ExitStatus::bad_root, "volume '{}': there is no {} on this machine", text, volume.host.string());
    if (volume.kind == VolumeKind::shared && !fs::is_directory(volume.host, error))
        return failure(ExitStatus::bad_root, "volume '{}': only folders can be shared; leave :shared away to copy the file, or share the folder it is in", text);
    if (volume.kind == VolumeKind::disk && !fs::is_regular_file(volume.host, error) && !fs::is_block_file(volume.host, error))
        return failure(ExitStatus::bad_root, "volume '{}': a disk is a file with a file system in it, or a device; leave :disk away to copy the folder", text);
    if (volume.kind == VolumeKind::disk) {
        auto uuid = read_disk_uuid(volume.host);
        if (!uuid) return failure(uuid.error().status, "volume '{}': {}", text, uuid.error().message);
        volume.uuid = *uuid;
    }
    return volume;
}

Outcome<Tmpfs> parse_tmpfs(std::string_view text) {
    auto colon = std::min(text.find(':'), text.size());
    Tmpfs tmpfs{.guest = fs::path(text.substr(0, colon)).lexically_normal()};
    if (tmpfs.guest.size() > 1 && tmpfs.guest.ends_with('/')) tmpfs.guest.pop_back();
    if (!tmpfs.guest.starts_with('/') || tmpfs.guest == "/") return failure(ExitStatus::bad_root, "--tmpfs {}: give the path of a folder in the guest, such as /tmp", text);
    for (auto rest = text.substr(std::min(colon + 1, text.size())); !rest.empty();) {
        auto option = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(option.size() + 1, rest.size()));
        auto equals = std::min(option.find('='), option.size());
        auto key = option.substr(0, equals), value = option.substr(std::min(equals + 1, option.size()));
        if (key == "size") {
            auto size = parse_size(in_capitals(value));
            if (!size) return failure(ExitStatus::bad_root, "--tmpfs {}: size={}: give bytes, or a size such as 64M", text, value);
            tmpfs.size = *size;
        } else if (key == "mode") {
            auto [end, error] = std::from_chars(value.begin(), value.end(), tmpfs.mode, 8);
            if (error != std::errc{} || end != value.end() || tmpfs.mode > 07777) return failure(ExitStatus::bad_root, "--tmpfs {}: mode={}: give an octal number, such as 1777", text, value);
        } else if (!std::ranges::contains(tmpfs_words, key)) {
            return failure(ExitStatus::bad_root, "--tmpfs {}: '{}' is not known: size=SIZE and mode=MODE are", text, option);
        }
    }
    return tmpfs;
}

std::optional<u32> parse_id(std::string_view text) {
    u32 number = 0;
    auto [end, error] = std::from_chars(text.begin(), text.end(), number);
    // The last number means nobody [chown(2)].
    return error == std::errc{} && end == text.end() && number != ~u32{0} ? std::optional(number) : std::nullopt;
}

Outcome<UserChoice> parse_user(std::string_view text) {
    auto colon = std::min(text.find(':'), text.size());
    auto user = text.substr(0, colon), group = colon < text.size() ? text.substr(colon + 1) : user;
    auto uid = parse_id(user), gid = parse_id(group);
    if (uid && gid) return User{*uid, *gid};
    if ((uid || is_user_name(user)) && (gid || is_user_name(group))) return std::string(text);
    return failure(ExitStatus::failed, "user '{}': write it as USER or USER:GROUP, each a name of the guest's or a number", text);
}

Outcome<Limit> parse_limit(std::string_view text) {
    auto equals = std::min(text.find('='), text.size());
    auto kind = std::ranges::find(limit_names, text.substr(0, equals), &Named<u32>::name);
    if (kind == std::end(limit_names)) return failure(ExitStatus::failed, "limit '{}': write it as NAME=SOFT or NAME=SOFT:HARD, where NAME is as, core, cpu, data, fsize, nofile, nproc, sigpending or stack", text);
    auto values = text.substr(std::min(equals + 1, text.size()));
    auto colon = std::min(values.find(':'), values.size());
    auto soft = parse_limit_value(values.substr(0, colon));
    auto hard = colon < values.size() ? parse_limit_value(values.substr(colon + 1)) : soft;
    if (!soft || !hard || *soft > *hard) return failure(ExitStatus::failed, "limit '{}': give a number or 'unlimited', or two with a colon, the smaller first", text);
    return Limit{kind->value, *soft, *hard};
}

std::string text_of(const Limit& limit) {
    auto value = [](u64 number) { return number == RLIM_INFINITY ? "unlimited" : std::to_string(number); };
    return fmt::format("{}={}:{}", find_name(limit_names, limit.resource), value(limit.soft), value(limit.hard));
}

Outcome<Restart> parse_restart(std::string_view text) {
    constexpr std::string_view counted = "on-failure:";
    if (text == "no") return Restart{};
    if (text == "always" || text == "unless-stopped") return Restart{Restart::When::always};
    if (text == "on-failure") return Restart{Restart::When::on_failure};
    unsigned most = 0;
    if (text.starts_with(counted)) {
        auto [end, error] = std::from_chars(text.data() + counted.size(), text.data() + text.size(), most);
        if (error == std::errc{} && end == text.data() + text.size() && most > 0) return Restart{Restart::When::on_failure, most};
    }
    return failure(ExitStatus::failed, "--restart {}: give no, always, on-failure or on-failure:TIMES", text);
}

Outcome<unsigned> parse_stop_signal(std::string_view text) {
    auto number = parse_signal(text);
    if (!number) return failure(ExitStatus::failed, "stop signal '{}': there is no such signal; give a name such as SIGQUIT, or a number", text);
    return static_cast<unsigned>(*number);
}

Outcome<std::string> parse_kept(std::string_view text) {
    if (text == "calls" || std::ranges::contains(declared_parts, text, &DeclaredPart::name) || is_call(text)) return std::string(text);
    std::vector<std::string_view> parts;
    for (auto& part : declared_parts) parts.push_back(part.name);
    return failure(ExitStatus::failed, "'{}' is no part of the kernel and no system call: give the name of a call, calls, or one of {}", text, fmt::join(parts, ", "));
}

Outcome<std::vector<std::string>> parse_environment_file(const fs::path& path) {
    auto text = read_file(path, most_settings);
    if (!text) return failure(ExitStatus::bad_configuration, "cannot read the environment file {}: {}", path.string(), error_text());
    std::vector<std::string> lines;
    std::size_t number = 0;
    for (std::size_t at = 0; at < text->size();) {
        auto end = std::min(text->find('\n', at), text->size());
        std::string_view line(text->data() + at, end - at);
        at = end + 1, ++number;
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty() || line.starts_with('#')) continue;
        if (line.contains('\0')) return failure(ExitStatus::bad_configuration, "{}:{}: a zero character cannot be part of the environment: give a file of text", path.string(), number);
        if (line.find('=') == std::string_view::npos || line.starts_with('='))
            return failure(ExitStatus::bad_configuration, "{}:{}: write KEY=value, or begin the line with # for a comment", path.string(), number);
        lines.emplace_back(line);
    }
    return lines;
}

}  // namespace spore::host
