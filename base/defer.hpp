// defer { … }; runs its block when the scope ends, whichever way it ends.
#pragma once

#include <utility>

#include "base/concat.hpp"

namespace spore::detail {
template <typename F>
class Deferred {
public:
    explicit Deferred(F f) : f_(std::move(f)) {}
    Deferred(const Deferred&) = delete;
    ~Deferred() { f_(); }

private:
    F f_;
};
struct DeferMaker {
    template <typename F>
    Deferred<F> operator<<(F f) const { return Deferred<F>(std::move(f)); }
};
}  // namespace spore::detail

#define defer auto SPORE_CONCAT(deferred_, __LINE__) = ::spore::detail::DeferMaker{} << [&]
