#include "host/plan/user.hpp"

#include <fcntl.h>

namespace spore::host {

namespace {

std::string_view take_until(std::string_view& text, char end) {
    auto size = std::min(text.find(end), text.size());
    auto taken = text.substr(0, size);
    text.remove_prefix(std::min(size + 1, text.size()));
    return taken;
}

/// The fields of the line that begins with this name.
std::vector<std::string_view> fields_of(std::string_view name, std::string_view file) {
    while (!file.empty()) {
        auto line = take_until(file, '\n');
        std::vector<std::string_view> fields;
        while (!line.empty()) fields.push_back(take_until(line, ':'));
        if (!fields.empty() && fields[0] == name) return fields;
    }
    return {};
}

/// Empty where there is none; links in it lead nowhere outside.
std::string read_inside(const fs::path& root, const char* path) {
    auto file = open_inside(root, path, O_RDONLY | O_CLOEXEC);
    return file ? read_file(fmt::format("/proc/self/fd/{}", file.number()), most_settings).value_or("") : "";
}

}  // namespace

Outcome<FoundUser> find_user(const UserChoice& choice, std::string_view passwd, std::string_view group) {
    if (auto* numbers = std::get_if<User>(&choice)) return FoundUser{*numbers, {}};
    std::string_view text = std::get<std::string>(choice);
    auto name = take_until(text, ':');
    FoundUser found;
    if (auto uid = parse_id(name)) {
        found.user = {*uid, *uid};
    } else {
        auto fields = fields_of(name, passwd);
        auto number = fields.size() > 3 ? parse_id(fields[2]) : std::nullopt, main_group = fields.size() > 3 ? parse_id(fields[3]) : std::nullopt;
        if (!number || !main_group) return failure(ExitStatus::failed, "user '{}': the guest's /etc/passwd has none of that name: give a number, or a root that has it", name);
        found = {{*number, *main_group}, fields.size() > 5 ? std::string(fields[5]) : ""};
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
    if (std::holds_alternative<User>(choice)) return find_user(choice, "", "");
    auto passwd = root ? read_inside(*root, "/etc/passwd") : "", group = root ? read_inside(*root, "/etc/group") : "";
    return find_user(choice, passwd.empty() ? default_passwd : passwd, group.empty() ? default_group : group);
}

}  // namespace spore::host
