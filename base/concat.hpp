// Joins two tokens after expanding them.
#pragma once

#define SPORE_CONCAT_(a, b) a##b
#define SPORE_CONCAT(a, b) SPORE_CONCAT_(a, b)
