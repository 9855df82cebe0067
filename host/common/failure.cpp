#include "host/common/failure.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "host/common/colour.hpp"

namespace spore::host {

std::string error_text() { return std::strerror(errno); }

void tell(const Failure& failure) {
    std::fprintf(stderr, "%s %s\n", coloured(STDERR_FILENO, Colour::red, "spore:").c_str(), failure.message.c_str());
}

}  // namespace spore::host
