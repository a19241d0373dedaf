"""Solver of many linear problems at once.

Modules in the order of a fit; each imports only modules above it::

    losses             value, residual and curvature of each row's loss
    conversion         copies of rows in another dtype, in threads
    scaling            means and deviations of columns, subtracted from blocks before a product
    products           products of a block with itself, and of weights with a block
    design             products with features in memory, on a GPU or on disk, block by block
    inputs             features of the caller as designs
    gram               Gram matrix of the rows
    objective          values, gradients and Hessian-vector products of many problems at once
    line_searches      line searches of many problems at once
    preconditioners    approximate inverses of the shared curvature: Cholesky factors, or a sketch
    dominant_subspace  exact steps in the span of the largest eigenvectors
    state, descent     weights, gradients and values of problems, and the loop that updates them
    dominant_rows      preconditioner of a softmax with a few rows far longer than the others
    lbfgs, newton      search directions: L-BFGS makes most steps, truncated Newton the last ones
    memory_plan        choice of a route by memory, and its cost
    solution           results of problems, during a fit and at its end
    problem_groups     many rows: all problems at once, or as many as fit the memory
    row_span           fewer rows than features: problems in the span of the rows
    curvature          Hessians of problems with few features
    few_columns        few features: Newton's method with a Hessian for each problem
    input_checks       checks of the caller's arrays, and the problems built from them
    solver             solve(): arrays in, Solution out
"""
