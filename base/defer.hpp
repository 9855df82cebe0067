// defer { … }; runs its block when the scope ends, whichever way it ends.
#pragma once

#include <utility>

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

#define SPORE_CONCAT_(a, b) a##b
#define SPORE_CONCAT(a, b) SPORE_CONCAT_(a, b)
#define defer auto SPORE_CONCAT(deferred_, __LINE__) = ::spore::detail::DeferMaker{} << [&]
