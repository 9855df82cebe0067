#include "kernel/device/stop_request.hpp"

namespace spore::device {
namespace {
constinit StopListener listener = nullptr;
}

void set_stop_listener(StopListener wanted) { listener = wanted; }

void request_stop(AfterEnd after) {
    if (listener) listener(after);
}

}  // namespace spore::device
