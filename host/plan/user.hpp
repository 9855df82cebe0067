// Users by name: what a guest's /etc/passwd and /etc/group say [passwd(5), group(5)].
#pragma once

#include "host/plan/plan.hpp"

namespace spore::host {

/// What a guest has whose root has none of its own.
inline constexpr std::string_view default_passwd = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n";
inline constexpr std::string_view default_group = "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n";

struct FoundUser {
    User user;
    std::string home;  ///< empty: not known
};
/// Texts of both files. `failed` when a name is in none.
Outcome<FoundUser> find_user(const UserChoice& choice, std::string_view passwd, std::string_view group);
/// The same by the files in `root`, or those of a guest without one.
Outcome<FoundUser> find_user(const UserChoice& choice, const std::optional<fs::path>& root);

}  // namespace spore::host
