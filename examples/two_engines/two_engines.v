// A user's design: two shift-add MACs take the same activations, each has weights and sums of its own.
module two_engines (
    input clk, input rst,
    input [15:0] s_axis_activations_tdata, input s_axis_activations_tvalid, input s_axis_activations_tlast,
    output s_axis_activations_tready,
    input [15:0] s_axis_left_tdata, input s_axis_left_tvalid, output s_axis_left_tready,
    input [15:0] s_axis_right_tdata, input s_axis_right_tvalid, output s_axis_right_tready,
    output [23:0] m_axis_left_tdata, output m_axis_left_tvalid, input m_axis_left_tready,
    output [23:0] m_axis_right_tdata, output m_axis_right_tvalid, input m_axis_right_tready
);
  // A beat of activations moves when both engines take it.
  wire left_ready, right_ready;
  assign s_axis_activations_tready = left_ready & right_ready;

  left left_mac (
      .clk(clk), .rst(rst),
      .s_axis_activations_tdata(s_axis_activations_tdata), .s_axis_activations_tlast(s_axis_activations_tlast),
      .s_axis_activations_tvalid(s_axis_activations_tvalid & right_ready), .s_axis_activations_tready(left_ready),
      .s_axis_weights_tdata(s_axis_left_tdata), .s_axis_weights_tvalid(s_axis_left_tvalid),
      .s_axis_weights_tready(s_axis_left_tready),
      .m_axis_sums_tdata(m_axis_left_tdata), .m_axis_sums_tvalid(m_axis_left_tvalid),
      .m_axis_sums_tready(m_axis_left_tready));

  right right_mac (
      .clk(clk), .rst(rst),
      .s_axis_activations_tdata(s_axis_activations_tdata), .s_axis_activations_tlast(s_axis_activations_tlast),
      .s_axis_activations_tvalid(s_axis_activations_tvalid & left_ready), .s_axis_activations_tready(right_ready),
      .s_axis_weights_tdata(s_axis_right_tdata), .s_axis_weights_tvalid(s_axis_right_tvalid),
      .s_axis_weights_tready(s_axis_right_tready),
      .m_axis_sums_tdata(m_axis_right_tdata), .m_axis_sums_tvalid(m_axis_right_tvalid),
      .m_axis_sums_tready(m_axis_right_tready));
endmodule
