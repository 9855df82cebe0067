#include "host/plan/user.hpp"

#include <fcntl.h>

#include <functional>

#include "abi/groups.hpp"

namespace spore::host {

namespace {

std::string_view take_until(std::string_view& text, char end) {
    auto size = std::min(text.find(end), text.size());
    auto taken = text.substr(0, size);
    text.remove_prefix(std::min(size + 1, text.size()));
    return taken;
}

using Fields = std::vector<std::string_view>;

/// The fields of the first line that is wanted.
Fields find_line(std::string_view file, const std::function<bool(const Fields&)>& wanted) {
    while (!file.empty()) {
        auto line = take_until(file, '\n');
        Fields fields;
        while (!line.empty()) fields.push_back(take_until(line, ':'));
        if (!fields.empty() && wanted(fields)) return fields;
    }
    return {};
}
/// Of the one that begins with this name.
Fields fields_of(std::string_view name, std::string_view file) {
    return find_line(file, [&](const Fields& fields) { return fields[0] == name; });
}

std::string home_of(u32 uid, std::string_view passwd) {
    auto fields = find_line(passwd, [&](const Fields& line) { return line.size() > 5 && parse_id(line[2]) == uid; });
    return fields.empty() ? "" : std::string(fields[5]);
}

/// Those that list the user as a member.
std::vector<u32> groups_of(std::string_view user, u32 main_group, std::string_view group) {
    std::vector<u32> groups;
    (void)find_line(group, [&](const Fields& fields) {
        auto members = fields.size() > 3 ? fields[3] : "";
        auto number = fields.size() > 3 ? parse_id(fields[2]) : std::nullopt;
        while (number && *number != main_group && !members.empty())
            if (take_until(members, ',') == user) {
                groups.push_back(*number);
                break;
            }
        return groups.size() == abi::most_groups;
    });
    return groups;
}

/// Empty where there is none; links in it lead nowhere outside.
std::string read_inside(const fs::path& root, const char* path) {
    auto file = open_inside(root, path, O_RDONLY | O_CLOEXEC);
    return file ? read_file(fmt::format("/proc/self/fd/{}", file.number()), most_settings).value_or("") : "";
}

}  // namespace

Outcome<FoundUser> find_user(const UserChoice& choice, std::string_view passwd, std::string_view group) {
    if (auto* numbers = std::get_if<User>(&choice)) return FoundUser{*numbers, home_of(numbers->uid, passwd)};
    std::string_view text = std::get<std::string>(choice);
    auto name = take_until(text, ':');
    FoundUser found;
    if (auto uid = parse_id(name)) {
        found = {{*uid, *uid}, home_of(*uid, passwd)};
    } else {
        auto fields = fields_of(name, passwd);
        auto number = fields.size() > 3 ? parse_id(fields[2]) : std::nullopt, main_group = fields.size() > 3 ? parse_id(fields[3]) : std::nullopt;
        if (!number || !main_group) return failure(ExitStatus::failed, "user '{}': the guest's /etc/passwd has none of that name: give a number, or a root that has it", name);
        found = {{*number, *main_group}, fields.size() > 5 ? std::string(fields[5]) : ""};
        // Who names a group has chosen, as with Docker.
        if (text.empty()) found.user.groups = groups_of(name, *main_group, group);
    }
    if (text.empty()) return found;
    auto fields = fields_of(text, group);
    auto gid = parse_id(text);
    if (!gid && fields.size() > 2) gid = parse_id(fields[2]);
    if (!gid) return failure(ExitStatus::failed, "group '{}': the guest's /etc/group has none of that name: give a number, or a root that has it", text);
    found.user.gid = *gid;
    return found;
}

Outcome<FoundUser> find_user(const UserChoice& choice, const std::optional<fs::path>& root) {
    auto passwd = root ? read_inside(*root, "/etc/passwd") : "", group = root ? read_inside(*root, "/etc/group") : "";
    return find_user(choice, passwd.empty() ? default_passwd : passwd, group.empty() ? default_group : group);
}

}  // namespace spore::host
