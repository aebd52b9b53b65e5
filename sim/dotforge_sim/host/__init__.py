"""What a program beside an engine needs: matrices of codes to beats of its streams, and beats to the product.

`dotforge generate` joins the modules here that an engine needs, and :mod:`dotforge_sim.simulator.payload`, to one file,
``beats.py``, which needs NumPy and ``manifest.json`` and nothing of dotforge. So nothing here knows golden models or
runners: benches compare what both make. A module NAME has

- ``beats(manifest, operands, settings)``: input stream → beats and ``tlast``;
- ``product(manifest, operands, received, settings)``: C, of output stream → beats and ``tlast``.

``operands`` are the arrays that ``dotforge run --save-quantized`` writes: ``a_elements`` (M×K), ``b_elements`` (K×N),
``a_units`` (M), ``b_units`` (N), and scales where the format has them. ``settings`` are those that
``dotforge run --save-beats`` writes.
"""
