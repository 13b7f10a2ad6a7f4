// Package odetest holds what every method of package ode must satisfy, as functions that any method can be put through: Run
// does all of it. A method is asked for what its Info claims, no more and no less.
package odetest
