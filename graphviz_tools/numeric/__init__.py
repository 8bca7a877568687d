"""Finite differences against autograd, over many step sizes."""
