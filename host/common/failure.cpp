#include "host/common/failure.hpp"

#include <cerrno>
#include <cstring>

namespace spore::host {

std::string error_text() { return std::strerror(errno); }

}  // namespace spore::host
