// A pipe [pipe(2)].
#pragma once

#include "host/common/files.hpp"

namespace spore::host {

struct Pipe {
    FileDescriptor from, to;
};
Outcome<Pipe> make_pipe();

}  // namespace spore::host
