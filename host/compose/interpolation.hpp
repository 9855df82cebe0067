// Variables in a Compose file's values [Compose specification, Interpolation]: $NAME, ${NAME}, with :- and - for what stands in place of one that is not there (or
// empty), :? and ? for an error, :+ and + for what stands there when it is; $$ is a dollar.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "host/common/failure.hpp"

namespace spore::host {

using Variables = std::function<std::optional<std::string>(const std::string& name)>;

/// `failed` with the reason: a form that is none, or an error that the text asks for.
Outcome<std::string> interpolate(std::string_view text, const Variables& variables);

}  // namespace spore::host
